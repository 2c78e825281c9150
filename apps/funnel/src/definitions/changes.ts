/** One field that is another than it was; what was not there before, or is not there now, has no such value. */
export interface Change {
  /** Where, from the outside in: `stages.mql.owner`. Parts of a list that have an id are named by it. */
  readonly path: string
  readonly before?: unknown
  readonly after?: unknown
}

/** What differs between two values of JSON, field by field and in reading order; nothing where they are equal. */
export function changesBetween(before: unknown, after: unknown, path = ''): Change[] {
  const [old, now] = [fieldsOf(before), fieldsOf(after)]
  if (!old || !now)
    return JSON.stringify(before) === JSON.stringify(after)
      ? []
      : [{ path, ...(before !== undefined && { before }), ...(after !== undefined && { after }) }]
  const names = [...new Set([...now.keys(), ...old.keys()])]
  const changes = names.flatMap((name) => changesBetween(old.get(name), now.get(name), path ? `${path}.${name}` : name))
  const common = (these: Fields, those: Fields) => [...these.keys()].filter((name) => those.has(name))
  const moved = Array.isArray(after) && String(common(old, now)) !== String(common(now, old))
  return moved ? [{ path, before: [...old.keys()], after: [...now.keys()] }, ...changes] : changes
}

type Fields = ReadonlyMap<string, unknown>

/** The parts of an object by name, of a list by the parts' ids or else their places; undefined of anything else. */
function fieldsOf(value: unknown): Fields | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  if (!Array.isArray(value)) return new Map(Object.entries(value))
  const parts: readonly unknown[] = value
  const ids = parts.map((part) => (part as { readonly id?: unknown } | null)?.id)
  const named = ids.every((id) => typeof id === 'string') && new Set(ids).size === ids.length
  return new Map(parts.map((part, i) => [named ? String(ids[i]) : String(i), part]))
}
