/** Asks the store's database. */
export type Query = <Row extends object>(text: string, values: readonly unknown[]) => Promise<Row[]>

interface Link {
  readonly type: string
  readonly a: string
  readonly b: string
}

/**
 * Every id that is this person as the log has it now: itself, what it absorbed, what absorbed it, and so on; in the order
 * in which they are found. Without `but`, and what hangs together with it alone.
 */
export async function idsOf(query: Query, person: string, but?: string): Promise<readonly string[]> {
  const known = new Set([person])
  for (let next = [person]; next.length;) {
    const links = await query<Link>(
      `select type, envelope #>> '{data,person}' a,
         coalesce(envelope #>> '{data,absorbed}', envelope #>> '{data,into}', envelope #>> '{data,from}') b
       from store.event
       where stream = any ($1) and type in ('person.merged', 'person.absorbed', 'person.unmerged', 'person.released')
       order by stream, version`,
      [next.map((id) => `person-${id}`)],
    )
    const linked = new Map<string, string>()
    for (const { type, a, b } of links)
      if (type === 'person.merged' || type === 'person.absorbed') linked.set(`${a}\n${b}`, b)
      else linked.delete(`${a}\n${b}`)
    next = [...new Set(linked.values())].filter((id) => id !== but && !known.has(id))
    for (const id of next) known.add(id)
  }
  return [...known]
}

/** Whether a stream has an event that names one of the persons $1, or a visitor who is one of them. */
const names = (stream: string): string => `exists (
  select from store.event e
  where e.stream = ${stream} and (
    e.envelope #>> '{data,person}' = any ($1)
    or exists (
      select from store.event i
      where i.stream = 'visitor-' || (e.envelope #>> '{data,visitor}') and i.envelope #>> '{data,person}' = any ($1))))`

/**
 * The streams with notes that are the persons' own, or name one of them or a visitor who is one of them, and those of the
 * deals of such leads. Looks at these streams and leads only, so it takes no longer the longer the log is.
 */
export async function notedStreamsOf(query: Query, persons: readonly string[]): Promise<readonly string[]> {
  const found = await query<{ stream: string }>(
    `select n.stream from vault.note_streams() n (stream)
     where n.stream = any ($2) or ${names('n.stream')}
       or n.stream like 'deal-%' and exists (
         select from store.event d
         where d.stream = n.stream and ${names(`'lead-' || (d.envelope #>> '{data,lead}')`)})`,
    [persons, persons.map((person) => `person-${person}`)],
  )
  return found.map(({ stream }) => stream)
}

/** The streams of the persons, and of the visitors, leads and deals that are theirs. */
export async function streamsOf(query: Query, persons: readonly string[]): Promise<readonly string[]> {
  const named = await query<{ stream: string }>(
    `select distinct stream from store.event where envelope #>> '{data,person}' = any ($1)`,
    [persons],
  )
  const direct = [...persons.map((person) => `person-${person}`), ...named.map(({ stream }) => stream)]
  const visitors = direct.flatMap((stream) => /^visitor-(.*)$/s.exec(stream)?.[1] ?? [])
  const visited = await query<{ stream: string }>(
    `select distinct stream from store.event where envelope #>> '{data,visitor}' = any ($1)`,
    [visitors],
  )
  const theirs = [...direct, ...visited.map(({ stream }) => stream)]
  const leads = theirs.flatMap((stream) => /^lead-(.*)$/s.exec(stream)?.[1] ?? [])
  const led = await query<{ stream: string }>(
    `select distinct stream from store.event where stream like 'deal-%' and envelope #>> '{data,lead}' = any ($1)`,
    [leads],
  )
  return [...new Set([...theirs, ...led.map(({ stream }) => stream)])]
}
