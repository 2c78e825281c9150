import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { derivedId, FunnelError } from '@funnel/events'
import { errorFileOf } from './error-file.js'
import { unreadable } from './unreadable.js'
import type { Plan, PlannedInput } from './plan.js'

/** A file to be imported, with the part of the mapping that is for it. */
export interface Source {
  readonly path: string
  readonly bytes: number
  readonly input: PlannedInput
  /** The files of `input.joins`, in their order. */
  readonly joins: readonly string[]
}

/** Whether a file name is the one a mapping names; `*` stands for anything. */
const fits = (pattern: string, path: string): boolean =>
  new RegExp(
    `^${pattern
      .split('*')
      .map((part) => RegExp.escape(part))
      .join('.*')}$`,
  ).test(basename(path))

/**
 * Finds which file is which, in the mapping's order: by name, or, where the mapping has one input and one file is given,
 * whatever its name. A file to be joined is one of those given, else it lies beside the file it is joined to. The error file
 * of one that is given is left out: a pattern of the shell takes it for one of them when the same command is given again.
 * Throws INVALID on a file no part of the mapping is for, and on one that is missing or a folder.
 */
export async function sourcesOf(plan: Plan, given: readonly string[]): Promise<readonly Source[]> {
  const paths = given.filter((path) => !given.some((other) => path === errorFileOf(other)))
  const only = paths.length === 1 && plan.inputs.length === 1 ? paths[0] : undefined
  const sources: Source[] = []
  for (const input of plan.inputs)
    for (const path of paths) {
      if (!fits(input.file, path) && path !== only) continue
      const joins = input.joins.map(({ file }) => paths.find((given) => fits(file, given)) ?? join(dirname(path), file))
      for (const [index, file] of joins.entries())
        await sizeOf(file).catch((error: FunnelError) => {
          const why = `${error.message}; ${input.joins[index]!.at} joins it to ${basename(path)}`
          throw new FunnelError('INVALID', why, {}, error)
        })
      sources.push({ path, bytes: await sizeOf(path), input, joins })
    }
  const used = new Set(sources.flatMap(({ path, joins }) => [path, ...joins]))
  const stray = paths.filter((path) => !used.has(path))
  if (stray.length)
    throw new FunnelError(
      'INVALID',
      `${stray.join(', ')}: no part of the mapping is for this; it knows ${plan.inputs
        .flatMap(({ file, joins }) => [file, ...joins.map((table) => table.file)])
        .join(', ')}`,
    )
  return sources
}

/** Bytes of a file. Throws INVALID where it is none that can be read. */
async function sizeOf(path: string): Promise<number> {
  try {
    const found = await stat(path)
    if (found.isDirectory()) throw Object.assign(new Error('it is a folder'), { code: 'EISDIR' })
    return found.size
  } catch (error) {
    throw unreadable(path, error)
  }
}

/** SHA-256 of a text, in hex. */
export const hashText = (text: string): string => createHash('sha256').update(text).digest('hex')

async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash)
  return hash.digest('hex')
}

/** The id of an import: the same for the same contents of all its files and the same mapping, whatever their names. */
export async function importIdOf(mappingHash: string, sources: readonly Source[]): Promise<string> {
  const hashes: string[] = []
  for (const path of new Set(sources.flatMap((source) => [source.path, ...source.joins])))
    hashes.push(await hashFile(path))
  return derivedId('import', mappingHash, ...hashes)
}
