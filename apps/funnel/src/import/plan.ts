import { FunnelError, typeOf } from '@funnel/events'
import { personalFields } from '@funnel/event-store'
import type { Dialect } from './csv.js'
import { mistakes, type MappingFile, type Path } from './mapping.js'
import type { EventRule, Input, Join, Value } from './mapping.schema.js'
import { compileTemplate, type Template } from './template.js'
import { compileCondition, compileTime, compileValue, type Compiled, type Datum } from './value.js'

/** A mapping compiled: everything that can be wrong with it whatever the files hold has been checked. */
export interface Plan {
  readonly source: string
  readonly inputs: readonly PlannedInput[]
}
export interface PlannedInput {
  /** The file's name; `*` stands for anything. */
  readonly file: string
  readonly dialect: Dialect
  readonly joins: readonly PlannedJoin[]
  readonly key: Template
  readonly skip: readonly { readonly when: Compiled<true>; readonly because: string }[]
  readonly events: readonly PlannedEvent[]
  /** Each column read, with the place in the mapping that reads it first. */
  readonly columns: ReadonlyMap<string, string>
}
export interface PlannedJoin {
  readonly file: string
  readonly as: string
  readonly dialect: Dialect
  readonly on: readonly { readonly column: string; readonly value: Compiled<Datum> }[]
  readonly at: string
}
export interface PlannedEvent {
  readonly type: string
  /** Tells the events of one row apart; part of their ids. */
  readonly name: Template
  readonly when: Compiled<true>
  readonly time: Compiled<string>
  /** The place among events of one time; undefined for a row without one. */
  readonly sequence: Template
  readonly data: readonly (readonly [string, Compiled<Datum>])[]
  readonly properties: readonly (readonly [string, Compiled<Datum>])[] | undefined
  /** What is told of a person, beside the data. */
  readonly personal: readonly (readonly [string, Template])[]
}

/** Compiles a mapping. Throws INVALID with every mistake as `file:line: message`. */
export function planOf({ mapping, at }: MappingFile): Plan {
  const wrong: string[] = []
  const names = new Map<string, string>()

  /** Runs one compilation; a mistake is noted with its line and stands in for the result. */
  const tried = <T extends { readonly columns: readonly string[] }>(
    path: Path,
    columns: Map<string, string>,
    make: () => T,
  ): T => {
    try {
      const made = make()
      for (const column of made.columns) if (!columns.has(column)) columns.set(column, at(path))
      return made
    } catch (error) {
      if (!(error instanceof FunnelError)) throw error
      wrong.push(`${at(path)}: ${error.message}`)
      return { columns: [], text: () => undefined, of: () => undefined } as unknown as T
    }
  }

  const values = (path: Path, columns: Map<string, string>, record: Readonly<Record<string, Value>>) =>
    Object.entries(record).map(
      ([name, value]) => [name, tried([...path, name], columns, () => compileValue(value))] as const,
    )

  const planEvent = (rule: EventRule, path: Path, columns: Map<string, string>): PlannedEvent => {
    const { properties, ...data } = rule.data
    const here = (field: Path) => at([...path, ...field])
    wrong.push(...typeMistakes(rule, here), ...personalMistakes(rule, here))
    const name = rule.name ?? rule.type
    const earlier = names.get(name)
    if (earlier)
      wrong.push(
        `${at([...path, 'type'])}: the name "${name}" is taken by the event at ${earlier}; give this one a name of its own`,
      )
    else names.set(name, at([...path, 'type']))
    return {
      type: rule.type,
      name: tried([...path, 'name'], columns, () => compileTemplate(name)),
      when: tried([...path, 'when'], columns, () => compileCondition(rule.when)),
      time: tried([...path, 'time'], columns, () => compileTime(rule.time, mapping.zone ?? 'UTC')),
      sequence: tried([...path, 'sequence'], columns, () => sequenceTemplate(rule.sequence)),
      data: values([...path, 'data'], columns, data),
      properties: properties && values([...path, 'data', 'properties'], columns, properties),
      personal: Object.entries(rule.personal ?? {}).map(
        ([field, text]) => [field, tried([...path, 'personal', field], columns, () => compileTemplate(text))] as const,
      ),
    }
  }

  const planJoin = (join: Join, path: Path, columns: Map<string, string>): PlannedJoin => ({
    file: join.file,
    as: join.as,
    dialect: dialectOf(join),
    on: values([...path, 'on'], columns, join.on).map(([column, value]) => ({ column, value })),
    at: at(path),
  })

  const planInput = (input: Input, index: number): PlannedInput => {
    const path: Path = ['inputs', index]
    const columns = new Map<string, string>()
    if (!isEncoding(input.encoding))
      wrong.push(`${at([...path, 'encoding'])}: "${input.encoding}" is no encoding, such as windows-1252`)
    return {
      file: input.file,
      dialect: dialectOf(input),
      joins: (input.joins ?? []).map((join, i) => planJoin(join, [...path, 'joins', i], columns)),
      key: tried([...path, 'key'], columns, () => compileTemplate(input.key)),
      skip: (input.skip ?? []).map(({ when, because }, i) => ({
        when: tried([...path, 'skip', i, 'when'], columns, () => compileCondition(when)),
        because,
      })),
      events: input.events.map((rule, i) => planEvent(rule, [...path, 'events', i], columns)),
      columns,
    }
  }

  const inputs = mapping.inputs.map(planInput)
  if (wrong.length) throw mistakes(wrong)
  return { source: mapping.source, inputs }
}

const sequenceTemplate = (sequence: EventRule['sequence']): Template =>
  sequence === undefined ? { columns: [], text: () => undefined } : compileTemplate(String(sequence))

/** What does not fit the event type, as `file:line: message`. */
function typeMistakes({ type: name, data }: EventRule, at: (field: Path) => string): string[] {
  const type = typeOf(name)
  if (!type) return [`${at(['type'])}: there is no event type "${name}"`]
  if (type.kind === 'decision') return [`${at(['type'])}: ${name} is a decision; an import brings observations only`]
  const fields = Object.keys(type.schema.properties)
  return [
    ...Object.keys(data)
      .filter((field) => !fields.includes(field))
      .map((field) => `${at(['data', field])}: ${name} has no field "${field}"; it has ${fields.join(', ')}`),
    ...(type.schema.required ?? [])
      .filter((field) => !(field in data))
      .map((field) => `${at(['data'])}: ${name} needs the field "${field}"`),
  ]
}

/** What is wrong with what is told of a person, as `file:line: message`. */
function personalMistakes({ personal, data }: EventRule, at: (field: Path) => string): string[] {
  if (!personal) return []
  const isToldOf = ['email', 'phone'].some((field) => field in personal) || 'person' in data
  return [
    ...Object.keys(personal)
      .filter((field) => !personalFields.some((known) => known === field))
      .map(
        (field) =>
          `${at(['personal', field])}: there is no personal field "${field}"; there are ${personalFields.join(', ')}`,
      ),
    ...(isToldOf
      ? []
      : [`${at(['personal'])}: personal tells of nobody: add email or phone, or say who it is in data.person`]),
  ]
}

function isEncoding(label: string | undefined): boolean {
  try {
    return Boolean(new TextDecoder(label).encoding)
  } catch {
    return false
  }
}

const dialectOf = ({ delimiter, encoding }: { delimiter?: string; encoding?: string }): Dialect => ({
  ...(delimiter === undefined ? {} : { delimiter }),
  ...(encoding === undefined ? {} : { encoding }),
})
