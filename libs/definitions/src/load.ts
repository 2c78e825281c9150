import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { FunnelError } from '@funnel/events'
import { check } from './check.js'
import type { Definitions } from './definitions.js'
import { readPlaced, type Placed } from './placed.js'
import { shapeMistakes, type KindOf } from './validate.js'

/** The definitions that come with the platform. */
export const defaultDefinitions = fileURLToPath(new URL('../../../definitions', import.meta.url))

/**
 * The folders to read: those that come with the platform, then the comma-separated ones of `FUNNEL_DEFINITIONS`, whose
 * definitions are added or come in place of those with the same id.
 */
export const definitionFolders = (value: string | undefined): string[] => [
  defaultDefinitions,
  ...(value ?? '').split(',').flatMap((folder) => folder.trim() || []),
]

/** Definitions by id, each with its place. */
type Found = { readonly [K in keyof KindOf]: Map<string, Placed<KindOf[K]>> }

/**
 * Reads `funnel.yaml`, `dimensions/*.yaml` and `kpis/*.yaml` of each folder. Of two definitions with one id that of the
 * later folder counts, and so does the later funnel. Throws INVALID with every mistake as `file:line: message`.
 */
export function loadDefinitions(folders: readonly string[] = [defaultDefinitions]): Definitions {
  const found: Found = { funnel: new Map(), dimension: new Map(), kpi: new Map() }
  const mistakes = folders.flatMap((folder) => readFolder(folder, found))
  const funnel = [...found.funnel.values()].at(-1)
  if (!funnel && !mistakes.length) mistakes.push(`${folders.join(', ') || 'no folder'}: there is no funnel.yaml`)
  if (funnel && !mistakes.length)
    mistakes.push(...check(funnel, [...found.dimension.values()], [...found.kpi.values()]))
  if (mistakes.length || !funnel)
    throw new FunnelError(
      'INVALID',
      `The definitions have ${mistakes.length} mistake${mistakes.length > 1 ? 's' : ''}:\n${mistakes.join('\n')}`,
      { mistakes },
    )
  return { funnel: funnel.value, dimensions: byId(found.dimension), kpis: byId(found.kpi) }
}

/** Takes in the definitions of a folder; gives the mistakes. */
function readFolder(folder: string, found: Found): string[] {
  if (!existsSync(folder)) return [`${folder}: there is no such folder`]
  const funnel = join(folder, 'funnel.yaml')
  const files = {
    funnel: existsSync(funnel) ? [funnel] : [],
    dimension: yamlFiles(join(folder, 'dimensions')),
    kpi: yamlFiles(join(folder, 'kpis')),
  }
  if (Object.values(files).every(({ length }) => !length))
    return [`${folder}: there is neither funnel.yaml nor dimensions/*.yaml nor kpis/*.yaml`]
  return [
    ...readFiles('funnel', files.funnel, found.funnel),
    ...readFiles('dimension', files.dimension, found.dimension),
    ...readFiles('kpi', files.kpi, found.kpi),
  ]
}

function readFiles<K extends keyof KindOf>(
  kind: K,
  files: readonly string[],
  into: Map<string, Placed<KindOf[K]>>,
): string[] {
  const here = new Map<string, string>()
  return files.flatMap((file) => {
    const placed = readPlaced(file)
    if ('mistakes' in placed) return placed.mistakes
    const mistakes = shapeMistakes(kind, placed)
    if (mistakes.length) return mistakes
    const definition = placed as Placed<KindOf[K]>
    const { id } = definition.value
    const earlier = here.get(id)
    if (earlier) return [`${definition.at(['id'])}: ${kind} ${id} is defined already at ${earlier}`]
    here.set(id, definition.at(['id']))
    into.delete(id) // the last one stands last
    into.set(id, definition)
    return []
  })
}

const yamlFiles = (folder: string): string[] =>
  existsSync(folder)
    ? readdirSync(folder)
        .filter((name) => /\.ya?ml$/.test(name))
        .toSorted()
        .map((name) => join(folder, name))
    : []

const byId = <T extends { readonly id: string }>(map: ReadonlyMap<string, Placed<T>>): T[] =>
  [...map.values()].map(({ value }) => value).toSorted((a, b) => (a.id < b.id ? -1 : 1))
