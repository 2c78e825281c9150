import type { ExecuteRequest, ExecuteResponse, PropertyValue } from '@funnel/query-api'
import type { Handled } from '@funnel/event-store'

type Told = NonNullable<ExecuteRequest['command']>

/** The type of a command as JSON has it: `lead.reverse-conversion` for `leadReverseConversion`. */
export function typeOfCase($case: Told['$case']): string {
  const [, subject, verb] = /^([a-z]+)(.+)$/.exec($case)!
  return `${subject}.${verb!.replace(/(?!^)[A-Z]/g, '-$&').toLowerCase()}`
}

/** The fields of a command as JSON has them: without what is absent, times as text, properties plain. */
export function fieldsOf({ value }: Told): Readonly<Record<string, unknown>> {
  const fields: Record<string, unknown> = {}
  for (const [name, field] of Object.entries(value) as [string, unknown][]) {
    if (field === undefined) continue
    if (field instanceof Date) fields[name] = Number.isNaN(field.getTime()) ? 'out of range' : field.toISOString()
    else if (name === 'properties') fields[name] = propertiesOf(field as Readonly<Record<string, PropertyValue>>)
    // proto3 does not tell a list without items from none
    else if (name !== 'because' || (field as readonly unknown[]).length) fields[name] = plain(field)
  }
  return fields
}

/** Messages within, without what is absent. */
function plain(field: unknown): unknown {
  if (Array.isArray(field)) return field.map(plain)
  if (typeof field !== 'object' || field === null) return field
  return Object.fromEntries(Object.entries(field).filter(([, value]) => value !== undefined))
}

const propertiesOf = (properties: Readonly<Record<string, PropertyValue>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(properties).map(([name, { value }]) => [name, value?.value ?? null]))

/** What came of a command. */
export const toResponse = ({ events, repeated }: Handled): ExecuteResponse => ({
  alreadyRecorded: repeated,
  events: events.map(({ event: { id, type }, stream, version, recorded }) => ({
    id,
    type,
    stream,
    version,
    recordedAt: new Date(recorded),
  })),
})
