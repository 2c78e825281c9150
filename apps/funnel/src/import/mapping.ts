import { readFile } from 'node:fs/promises'
import { FunnelError } from '@funnel/events'
import { Ajv, type ErrorObject } from 'ajv'
import { isMap, isNode, isScalar, LineCounter, parseDocument, visit, type Document } from 'yaml'
import { unreadable } from './unreadable.js'
import { MappingSchema, type Mapping } from './mapping.schema.js'

/** A path into the mapping: names and indices. */
export type Path = readonly (string | number)[]

/** A mapping as read, with a way to say where in the file something stands. */
export interface MappingFile {
  readonly mapping: Mapping
  readonly text: string
  /** `file:line` of what stands at a path, or of the nearest thing around it. */
  readonly at: (path: Path) => string
}

/** Mistakes of a mapping, each as `file:line: message`, as one INVALID. */
export const mistakes = (lines: readonly string[]): FunnelError =>
  new FunnelError(
    'INVALID',
    `The mapping has ${lines.length} mistake${lines.length > 1 ? 's' : ''}:\n${lines.map((line) => `  ${line}`).join('\n')}`,
    { mistakes: lines },
  )

const validate = new Ajv({ allErrors: true, allowUnionTypes: true }).compile<Mapping>(MappingSchema)

/** Reads a mapping and checks its shape. Throws INVALID with every mistake and its line. */
export async function readMapping(path: string): Promise<MappingFile> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw unreadable(path, error, 'mapping file')
  })
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, merge: true })
  const place = (offset: number) => `${path}:${lines.linePos(offset).line}`
  const at = (where: Path) => place(offsetOf(document, where))

  const broken = document.errors.map(({ pos, message }) => `${place(pos[0])}: ${message.split('\n')[0]}`)
  if (broken.length) throw mistakes(broken)
  // YAML reads True, null and 1.0 as something else than the text a cell holds.
  visit(document, {
    Pair(_, { key }) {
      if (isScalar(key) && typeof key.value !== 'string')
        broken.push(
          `${place(key.range?.[0] ?? 0)}: write the key ${String(key.source)} in quotes, so that it is a text`,
        )
    },
  })
  if (broken.length) throw mistakes(broken)
  const mapping: unknown = document.toJS()
  if (!validate(mapping)) throw mistakes((validate.errors ?? []).map((error) => `${at(pathOf(error))}: ${say(error)}`))
  return { mapping, text, at }
}

function offsetOf(document: Document, path: Path): number {
  for (let length = path.length; length > 0; length--) {
    const parent = document.getIn(path.slice(0, length - 1), true)
    const name = path[length - 1]
    if (isMap(parent)) {
      const pair = parent.items.find(({ key }) => isScalar(key) && key.value === name)
      if (pair && isNode(pair.key)) return pair.key.range?.[0] ?? 0
    }
    const node = document.getIn(path.slice(0, length), true)
    if (isNode(node)) return node.range?.[0] ?? 0
  }
  return 0
}

const pathOf = ({ instancePath, params, keyword }: ErrorObject): Path => {
  const path = instancePath
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    .map((part) => (/^\d+$/.test(part) ? Number(part) : part))
  return keyword === 'additionalProperties' ? [...path, String(params['additionalProperty'])] : path
}

function say({ instancePath, keyword, params, message }: ErrorObject): string {
  const where = instancePath.split('/').slice(1).join('.') || 'the mapping'
  if (keyword === 'additionalProperties') return `"${String(params['additionalProperty'])}" is not known in ${where}`
  if (keyword === 'required') return `${where} lacks "${String(params['missingProperty'])}"`
  if (keyword === 'dependencies')
    return `${where}: "${String(params['property'])}" needs "${String(params['deps'])}" beside it`
  if (keyword === 'enum') return `${where} must be one of ${(params['allowedValues'] as unknown[]).join(', ')}`
  if (keyword === 'const') return `${where} must be ${String(params['allowedValue'])}`
  return `${where} ${message ?? 'is wrong'}`
}
