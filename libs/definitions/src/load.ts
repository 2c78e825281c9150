import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv'
import { isNode, LineCounter, parseDocument, type Document } from 'yaml'
import { canonicalJson, FunnelError } from '@funnel/events'
import { check } from './check.js'
import type { Definitions, Dimension, Funnel, Kpi } from './definitions.js'
import { schemas } from './schema.js'

/** The definitions that come with the platform. */
export const defaultDefinitions = fileURLToPath(new URL('../../../definitions', import.meta.url))

/** A definition and where it stands, for messages. */
export interface Placed<T> {
  readonly value: T
  /** `file:line` of a path inside it. */
  at(path?: readonly (string | number)[]): string
}

type KindOf = { funnel: Funnel; dimension: Dimension; kpi: Kpi }

const ajv = new Ajv({ allErrors: true, strict: false })
const validators: Record<keyof KindOf, ValidateFunction> = {
  funnel: ajv.compile(schemas.funnel),
  dimension: ajv.compile(schemas.dimension),
  kpi: ajv.compile(schemas.kpi),
}

/**
 * Reads `funnel.yaml`, `dimensions/*.yaml` and `kpis/*.yaml` of each folder; of two definitions with one id that of the
 * later folder counts. Throws INVALID with every mistake as `file:line: message`.
 */
export function loadDefinitions(folders: readonly string[] = [defaultDefinitions]): Definitions {
  const mistakes: string[] = []
  const funnels = new Map<string, Placed<Funnel>>()
  const dimensions = new Map<string, Placed<Dimension>>()
  const kpis = new Map<string, Placed<Kpi>>()
  for (const folder of folders) {
    if (!existsSync(folder)) mistakes.push(`${folder}: there is no such folder`)
    gather(
      'funnel',
      [join(folder, 'funnel.yaml')].filter((file) => existsSync(file)),
      funnels,
      mistakes,
    )
    gather('dimension', yamlFiles(join(folder, 'dimensions')), dimensions, mistakes)
    gather('kpi', yamlFiles(join(folder, 'kpis')), kpis, mistakes)
  }
  const funnel = [...funnels.values()].at(-1)
  if (!funnel && !mistakes.length) mistakes.push(`${folders.join(', ')}: there is no funnel.yaml`)
  if (funnel && !mistakes.length) mistakes.push(...check(funnel, [...dimensions.values()], [...kpis.values()]))
  if (mistakes.length || !funnel)
    throw new FunnelError(
      'INVALID',
      `The definitions have ${mistakes.length} mistake${mistakes.length > 1 ? 's' : ''}:\n${mistakes.join('\n')}`,
      {
        mistakes,
      },
    )
  return { funnel: funnel.value, dimensions: sorted(dimensions), kpis: sorted(kpis) }
}

/** Names the definitions by their content: equal content, equal hash. */
export const definitionsHash = (definitions: Definitions): string =>
  createHash('sha256').update(canonicalJson(definitions)).digest('hex')

/** What the fold depends on: a change of it needs a rebuild, a change of KPIs alone does not. */
export const foldHash = ({ funnel, dimensions }: Definitions): string =>
  createHash('sha256').update(canonicalJson({ funnel, dimensions })).digest('hex')

function gather<K extends keyof KindOf>(
  kind: K,
  files: readonly string[],
  into: Map<string, Placed<KindOf[K]>>,
  mistakes: string[],
): void {
  const here = new Map<string, string>()
  for (const file of files) {
    const lines = new LineCounter()
    const document = parseDocument(readFileSync(file, 'utf8'), { lineCounter: lines })
    if (document.errors.length) {
      for (const error of document.errors)
        mistakes.push(`${file}:${lines.linePos(error.pos[0]).line}: ${error.message.split('\n')[0]}`)
      continue
    }
    const at = (path: readonly (string | number)[] = []) => `${file}:${lineOf(document, lines, path)}`
    const value = document.toJS() as KindOf[K]
    const validate = validators[kind]
    if (!validate(value)) {
      for (const error of relevant(validate.errors ?? [])) mistakes.push(`${at(pathOf(error))}: ${messageOf(error)}`)
      continue
    }
    const earlier = here.get(value.id)
    if (earlier) mistakes.push(`${at(['id'])}: ${kind} ${value.id} is defined already at ${earlier}`)
    here.set(value.id, at(['id']))
    into.set(value.id, { value, at })
  }
}

const yamlFiles = (folder: string): string[] =>
  existsSync(folder)
    ? readdirSync(folder)
        .filter((name) => /\.ya?ml$/.test(name))
        .toSorted()
        .map((name) => join(folder, name))
    : []

const sorted = <T extends { readonly id: string }>(map: ReadonlyMap<string, Placed<T>>): T[] =>
  [...map.values()].map(({ value }) => value).toSorted((a, b) => (a.id < b.id ? -1 : 1))

/** The line of the deepest node that exists on the path. */
function lineOf(document: Document, lines: LineCounter, path: readonly (string | number)[]): number {
  for (let depth = path.length; depth >= 0; depth--) {
    const node = depth ? document.getIn(path.slice(0, depth), true) : document.contents
    if (isNode(node) && node.range) return lines.linePos(node.range[0]).line
  }
  return 1
}

const pathOf = ({ instancePath }: ErrorObject): (string | number)[] =>
  instancePath
    .split('/')
    .slice(1)
    .map((part) => (/^\d+$/.test(part) ? Number(part) : part.replaceAll('~1', '/').replaceAll('~0', '~')))

/** Of a failed choice only the choice itself is told, not each branch's complaint. */
function relevant(errors: readonly ErrorObject[]): ErrorObject[] {
  const choices = errors.filter(({ keyword }) => keyword === 'oneOf').map(({ instancePath }) => instancePath)
  return errors.filter(
    ({ keyword, instancePath }) => keyword === 'oneOf' || !choices.some((path) => instancePath.startsWith(path)),
  )
}

function messageOf({ keyword, params, message, instancePath }: ErrorObject): string {
  const field = instancePath.split('/').slice(1).join('.') || 'the definition'
  const { missingProperty, additionalProperty, allowedValues } = params as {
    missingProperty?: string
    additionalProperty?: string
    allowedValues?: unknown[]
  }
  if (missingProperty) return `${field} lacks ${missingProperty}`
  if (additionalProperty) return `${field} has a field ${additionalProperty} that is not known`
  if (allowedValues) return `${field} must be one of ${allowedValues.join(', ')}`
  if (keyword === 'oneOf' && field.startsWith('formula'))
    return `${field} must be one of sum, stock, ratio, conversion, elapsed, each with what it needs (see definitions/README.md)`
  return `${field} ${message ?? 'is not right'}`
}
