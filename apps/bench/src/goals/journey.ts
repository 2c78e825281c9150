import { defaultDefinitions, loadAllDefinitions } from '@funnel/definitions'
import { demoDefinitions, playHistory } from '@funnel/demo'
import type { Envelope, FunnelEvent } from '@funnel/events'
import { freePort } from '@funnel/platform'
import { JourneyServiceService, ListJourneyRequest, ListJourneyResponse } from '@funnel/query-api'
import { compare, concurrently, spread, stopwatch, type Figure, type Settings } from '../harness.js'
import { grpcLoad, quantile } from '../load.js'
import { startService } from '../services.js'
import { createWorld, goOn, type World } from '../world.js'

const WIDTH = 16
/** Of the company's people those with the most touches. */
const PEOPLE = 100
/** Days of the company, of about 200 events each. */
const DAYS = 45
/** It ends where the history does. */
const UNTIL = Date.UTC(2026, 0, 1)

/**
 * G16: the journeys of people with many touches, leads and deals, asked of the query service's own process. The people are
 * those of the demo company, the same over any history, which is recorded after it: so their journeys are as long, and
 * what more history costs is seen.
 */
export async function journeyOverGrpc({ history, events: calls, rounds }: Settings): Promise<Figure> {
  const world = await createWorld(history)
  const demo = await company()
  await goOn(world, await world.record(demo))
  await world.pool.query('analyze') // as autovacuum has done some time after
  const people = withMostTouches(demo)
  const grpcPort = await freePort()
  const query = await startService('query', { DATABASE_URL: world.url, GRPC_PORT: String(grpcPort) })
  const requests = people.map((value) => ListJourneyRequest.encode(journeyOf(value)).finish())
  const load = grpcLoad(`127.0.0.1:${grpcPort}`, JourneyServiceService.listJourney.path, requests[0]!)
  const ask = (n: number) => load.call(requests[n % requests.length])
  try {
    const answers: Buffer[] = []
    for (const [n] of people.entries()) answers.push(await ask(n))
    const lengths = await assertJourneys(world, people, answers)
    const [waits, tails]: [number[], number[]] = [[], []]
    const figure = await compare({
      what: `gRPC query of the journeys of ${people.length} people, of ${lengths.min} to ${lengths.max} events, ${WIDTH} calls at once, ${calls.toLocaleString('en')} a round`,
      unit: 'calls/s',
      rounds,
      ours: {
        name: 'funnel query service',
        run: async (round) => {
          const alone: number[] = []
          for (let n = 0; n < calls / 10; n++) {
            const start = performance.now()
            await ask(n)
            alone.push(performance.now() - start)
          }
          const ascending = alone.toSorted((a, b) => a - b)
          if (round > 0) {
            waits.push(quantile(ascending, 0.5))
            tails.push(quantile(ascending, 0.99))
          }
          const stop = stopwatch(query.process.pid)
          await concurrently(calls, WIDTH, ask)
          return stop(calls)
        },
      },
      peers: [],
      notes: [
        `the people are those of the demo company with the most touches: ${demo.length.toLocaleString('en')} events in ${DAYS} days, recorded after the history; no answer is kept`,
        `one at a time: ${Math.ceil(calls / 10).toLocaleString('en')} calls a round; driver: frames of HTTP/2, in this process`,
      ],
    })
    if (!answers.at(-1)!.equals(await ask(people.length - 1))) throw new Error('the answer has changed')
    return { ...figure, latencies: { 'p50 one at a time': spread(waits), 'p99 one at a time': spread(tails) } }
  } finally {
    load.close()
    await query.stop()
    await world.close()
  }
}

/** What the demo company says in its first days. */
async function company(): Promise<readonly Envelope[]> {
  const definitions = loadAllDefinitions([defaultDefinitions, demoDefinitions])
  const at = UNTIL - DAYS * 86_400_000
  const { records } = await playHistory({ name: 'bench', seed: 1, at, until: UNTIL, definitions })
  return records.map(({ event }) => event)
}

/** Those who share no visitor with anybody: whose touches are theirs is plain. */
function withMostTouches(events: readonly Envelope[]): readonly string[] {
  const touches = new Map<string, number>()
  const persons = new Map<string, Set<string>>()
  for (const { type, data } of events as readonly FunnelEvent[]) {
    if (type === 'touchpoint.recorded') touches.set(data.visitor, (touches.get(data.visitor) ?? 0) + 1)
    if (type === 'visitor.identified')
      persons.set(data.visitor, (persons.get(data.visitor) ?? new Set()).add(data.person))
  }
  const counts = new Map<string, number>()
  for (const [visitor, its] of persons)
    for (const person of its)
      counts.set(person, (counts.get(person) ?? 0) + (its.size > 1 ? -Infinity : (touches.get(visitor) ?? 0)))
  const most = [...counts].filter(([, count]) => count > 0).toSorted(([, a], [, b]) => b - a)
  return most.slice(0, PEOPLE).map(([person]) => person)
}

const journeyOf = (value: string) =>
  ListJourneyRequest.fromPartial({ subject: { $case: 'person', value }, pageSize: 1000 })

/** Throws unless each journey has the events, in order, that SQL finds among all that is recorded; gives their lengths. */
async function assertJourneys(
  { pool }: World,
  people: readonly string[],
  answers: readonly Buffer[],
): Promise<{ readonly min: number; readonly max: number }> {
  const { rows } = await pool.query<{ person: string; ids: string[] }>(
    `with e as materialized (
       select stream, type, envelope->'data' data, (envelope->>'time')::timestamptz occurred, recorded_at, topic, partition, position, id
       from store.event where envelope->>'source' <> '/bench'
     ),
     person as (select unnest($1::text[]) key),
     visitor as (
       select distinct data->>'person' person, data->>'visitor' key from e
       where type = 'visitor.identified' and data->>'person' in (select key from person)
     ),
     lead as (
       select distinct data->>'person' person, data->>'lead' key from e
       where type = 'lead.captured' and data->>'person' in (select key from person)
     ),
     deal as (
       select lead.person, data->>'deal' key from e join lead on lead.key = data->>'lead' where type = 'deal.opened'
       union select data->>'person', data->>'deal' from e
       where type = 'deal.opened' and data->>'person' in (select key from person)
     ),
     stream as (
       select key person, 'person-' || key stream from person union select person, 'visitor-' || key from visitor
       union select person, 'lead-' || key from lead union select person, 'sla-' || key from lead
       union select person, 'deal-' || key from deal
     )
     select person, array_agg(id::text order by occurred, recorded_at, topic, partition, position) ids
     from stream join e using (stream) group by person`,
    [people],
  )
  const told = new Map(rows.map(({ person, ids }) => [person, ids]))
  for (const [n, person] of people.entries()) {
    const ids = ListJourneyResponse.decode(answers[n]!).events.map(({ id }) => id)
    const wanted = told.get(person) ?? []
    if (ids.join() !== wanted.join())
      throw new Error(`the journey of ${person} has ${ids.length} of ${wanted.length} events, or in another order`)
  }
  const lengths = rows.map(({ ids }) => ids.length)
  return { min: Math.min(...lengths), max: Math.max(...lengths) }
}
