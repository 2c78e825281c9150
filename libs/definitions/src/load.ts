import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { FunnelError } from '@funnel/events'
import { check } from './check.js'
import type { Approvals, Definitions } from './definitions.js'
import {
  filesOf,
  kinds,
  type AllDefinitions,
  type DefinitionFile,
  type DefinitionFiles,
  type Kind,
  type KindOf,
} from './kinds.js'
import { readPlaced } from './placed.js'
import { shapeMistakes } from './validate.js'

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

/** Definitions by kind and id. */
type Found = { readonly [K in Kind]: Map<string, DefinitionFile<KindOf[K]>> }

/**
 * Reads the definitions of each folder. Of two definitions with one id that of the later folder counts, and so does the
 * later of a kind that has one file only. Throws INVALID with every mistake as `file:line: message`.
 */
export function readDefinitions(folders: readonly string[] = [defaultDefinitions]): DefinitionFiles {
  const { found, mistakes } = readFolders(folders)
  return checked(found, mistakes)
}

/**
 * A definition in a file of its own, wherever that is, and all that would be agreed with it: it comes in the place of the
 * one with its id in these folders. To try something before it is agreed. Throws as `readDefinitions` does.
 */
export function readDraft<K extends Kind>(
  kind: K,
  file: string,
  folders: readonly string[] = [defaultDefinitions],
): { readonly draft: KindOf[K]; readonly definitions: AllDefinitions } {
  const { found, mistakes } = readFolders(folders)
  const drafts = takeDraft(kind, file, found, mistakes)
  const definitions = allOf(checked(found, mistakes))
  return { draft: drafts[0]!, definitions }
}

/** The same for several files at once, each of one of these kinds, which the fields in it tell. */
export function readDrafts<K extends ToldByFields>(
  files: readonly string[],
  among: readonly K[],
  folders: readonly string[] = [defaultDefinitions],
): { readonly drafts: readonly Draft<K>[]; readonly definitions: AllDefinitions } {
  const { found, mistakes } = readFolders(folders)
  const drafts = files.flatMap((file) => {
    const placed = readPlaced(file)
    if ('mistakes' in placed) {
      mistakes.push(...placed.mistakes)
      return []
    }
    const kind = kindOf(placed.value, among)
    if (kind) return takeDraft(kind, file, found, mistakes).map((value) => ({ kind, value }))
    const known = among.map((one) => `${one} (has ${fieldOf[one]})`)
    mistakes.push(`${placed.at()}: what kind of definition is it? It is none of ${known.join(', ')}`)
    return []
  })
  return { drafts, definitions: allOf(checked(found, mistakes)) }
}

function takeDraft<K extends Kind>(kind: K, file: string, found: Found, mistakes: string[]): readonly KindOf[K][] {
  const drafts: Found[K] = new Map()
  mistakes.push(...readFiles(kind, [file], drafts))
  for (const [id, draft] of drafts) found[kind].set(id, draft)
  return [...drafts.values()].map(({ value }) => value)
}

/** A field that, of these kinds, only definitions of one have; the first that is there tells. */
const fieldOf = {
  sla: 'party',
  calendar: 'zone',
  routing: 'rules',
  team: 'side',
  queue: 'members',
  territory: 'team',
} as const satisfies Partial<Record<Kind, string>>
type ToldByFields = keyof typeof fieldOf

/** A definition that is tried. */
export type Draft<K extends ToldByFields = ToldByFields> = {
  readonly [One in K]: { readonly kind: One; readonly value: KindOf[One] }
}[K]

function kindOf<K extends ToldByFields>(value: unknown, among: readonly K[]): K | undefined {
  const told = Object.keys(fieldOf) as ToldByFields[]
  return told.find(
    (kind): kind is K =>
      (among as readonly ToldByFields[]).includes(kind) &&
      typeof value === 'object' &&
      value !== null &&
      Object.hasOwn(value, fieldOf[kind]),
  )
}

/** Everything that is agreed on in these folders. Throws as `readDefinitions` does. */
export const loadAllDefinitions = (folders?: readonly string[]): AllDefinitions => allOf(readDefinitions(folders))

function readFolders(folders: readonly string[]): { readonly found: Found; readonly mistakes: string[] } {
  const found = Object.fromEntries(kinds.map((kind) => [kind, new Map()])) as Found
  const mistakes = folders.flatMap((folder) => readFolder(folder, found))
  if (!found.funnel.size && !mistakes.length)
    mistakes.push(`${folders.join(', ') || 'no folder'}: there is no funnel.yaml`)
  return { found, mistakes }
}

/** What was found, if it is right and nothing was wrong before. */
function checked(found: Found, mistakes: string[]): DefinitionFiles {
  const files = Object.fromEntries(
    kinds.map((kind) => [kind, inOrder(kind, found[kind])]),
  ) as unknown as DefinitionFiles
  if (!mistakes.length) mistakes.push(...check(files))
  if (mistakes.length)
    throw new FunnelError(
      'INVALID',
      `The definitions have ${mistakes.length} mistake${mistakes.length > 1 ? 's' : ''}:\n${mistakes.join('\n')}`,
      { mistakes },
    )
  return files
}

function allOf(files: DefinitionFiles): AllDefinitions {
  const all = <K extends Kind>(kind: K): readonly KindOf[K][] => files[kind].map(({ value }) => value)
  const [channels] = all('channels')
  return {
    funnel: all('funnel')[0]!,
    dimensions: all('dimension'),
    kpis: all('kpi'),
    reasons: all('reasons'),
    qualifications: all('qualification'),
    teams: all('team'),
    territories: all('territory'),
    queues: all('queue'),
    routings: all('routing'),
    ...(channels && { channels }),
    calendars: all('calendar'),
    policies: all('sla'),
  }
}

/** What the numbers depend on, of these folders; all of them are checked. Throws as `readDefinitions` does. */
export function loadDefinitions(folders?: readonly string[]): Definitions {
  const { funnel, dimensions, kpis, teams } = loadAllDefinitions(folders)
  return { funnel, dimensions, kpis, teams }
}

/** Takes in the definitions of a folder; gives the mistakes. */
function readFolder(folder: string, found: Found): string[] {
  if (!existsSync(folder)) return [`${folder}: there is no such folder`]
  const files = kinds.map((kind) => ({ kind, files: yamlFiles(folder, filesOf[kind]) }))
  if (files.every(({ files }) => !files.length))
    return [`${folder}: there is neither ${Object.values(filesOf).join(' nor ')}`]
  return files.flatMap(({ kind, files }) => readFiles(kind, files, found[kind]))
}

function readFiles<K extends Kind>(kind: K, files: readonly string[], into: Found[K]): string[] {
  const here = new Map<string, string>()
  return files.flatMap((file) => {
    const placed = readPlaced(file)
    if ('mistakes' in placed) return placed.mistakes
    const mistakes = shapeMistakes(kind, placed)
    if (mistakes.length) return mistakes
    const { approved = {}, ...value } = placed.value as KindOf[K] & { readonly approved?: Approvals }
    const { id } = value
    const earlier = here.get(id)
    if (earlier) return [`${placed.at(['id'])}: ${kind} ${id} is defined already at ${earlier}`]
    here.set(id, placed.at(['id']))
    into.delete(id) // the last one stands last
    into.set(id, { value: value as KindOf[K], approved, at: placed.at })
    return []
  })
}

/** The files that `funnel.yaml` or `kpis/*.yaml` stands for. */
function yamlFiles(folder: string, pattern: string): string[] {
  const [inside, all] = pattern.split('/')
  const path = join(folder, inside!)
  if (!existsSync(path)) return []
  if (!all) return [path]
  return readdirSync(path)
    .filter((name) => /\.ya?ml$/.test(name))
    .toSorted()
    .map((name) => join(path, name))
}

/** Of a kind with one file the last found, else all in the order of their ids. */
const inOrder = (kind: Kind, found: ReadonlyMap<string, DefinitionFile<KindOf[Kind]>>) => {
  const files = [...found.values()]
  return filesOf[kind].includes('/')
    ? files.toSorted(({ value: a }, { value: b }) => (a.id < b.id ? -1 : 1))
    : files.slice(-1)
}
