import { evolved, queueDecider, queueStreams, type Happened, type QueueCommand, type QueueState } from '@funnel/domain'
import { dataschemaOf, mintId, typeOf, type Envelope } from '@funnel/events'
import { handle, openDecisionStore, StreamMemory } from '@funnel/event-store'
import { compare, spread, stopwatch, type Figure, type Settings } from '../harness.js'
import { poolOf } from '../peers/pool.js'
import { createWorld, type World } from '../world.js'

const QUEUE = 'bench'
const members = Array.from({ length: 20 }, (_, i) => ({ member: `m-${i + 10}`, weight: 1, capacity: 30 }))
/** Leads that are open at once; the members have room for three times as many. */
const OPEN = 200
/** One in so many events of the history is the queue's: about as many as if all leads of the log had gone through it. */
const SHARE = 10
/** Decisions by the decider alone for each that is stored. */
const MORE = 10
const SOURCE = '/bench/routing'

/**
 * G15: who gets the next lead: a queue of 20 members with capacities, absences and credits, decision by decision through the
 * store, each on the state that the one before has left, durable; and by the decider alone. The limit is a bare insert of
 * the same bytes that is committed each time. The queue's own stream is as long as the history asks for.
 */
export async function routing({ history, events: decisions, rounds }: Settings): Promise<Figure> {
  const world = await createWorld(history)
  const store = await openDecisionStore(world.url)
  const bare = poolOf(world.url, 1)
  const asked = commands()
  const before = await live(world, asked, Math.ceil(history.events / SHARE))
  const bytes = await createBare(world)
  let n = 0
  const decide = (command: QueueCommand, memory: StreamMemory<QueueState>) =>
    handle(store, {
      decider: queueDecider,
      command,
      streams: queueStreams(command),
      memory,
      source: SOURCE,
      key: `${n++}`,
    })
  const alone = startAlone(before)
  let recorded = before.version
  try {
    const first: number[] = []
    for (let round = 0; round <= rounds; round++) {
      const start = performance.now()
      await decide(asked.next().value, new StreamMemory())
      if (round) first.push(performance.now() - start)
      recorded++
    }
    const memory = new StreamMemory<QueueState>()
    await decide(asked.next().value, memory)
    recorded++
    const figure = await compare({
      what: `routing decisions in a queue of ${members.length}, one after the other, durable; ${decisions.toLocaleString('en')} a round`,
      unit: 'decisions/s',
      rounds,
      ours: {
        name: 'funnel',
        run: async () => {
          const stop = stopwatch()
          for (let i = 0; i < decisions; i++) await decide(asked.next().value, memory)
          recorded += decisions
          return stop(decisions)
        },
      },
      peers: [
        {
          name: 'bare inserts, each committed',
          run: async () => {
            const stop = stopwatch()
            for (let i = 0; i < decisions; i++)
              await bare.query({ name: 'bare', text: 'insert into bare values ($1)', values: [bytes] })
            return stop(decisions)
          },
        },
      ],
      notes: [
        `the queue’s stream begins with ${before.version.toLocaleString('en')} events; ${OPEN} leads are open at once; one in 21 is credited, and of every fifty leads somebody misses half`,
        'ours: as automation and ingest decide: the state is kept in memory by version, what came after it is read, and the decision appended if there is nothing more; each has a key that is looked up',
        'the first decision: with nothing in memory, so that the whole stream is read',
        'bare inserts: one caller and one connection; synchronous_commit on for both',
      ],
    })
    const pure = await compare({
      what: '',
      unit: '',
      rounds,
      ours: { name: 'the decider alone', run: () => Promise.resolve(alone(decisions * MORE)) },
      peers: [],
      notes: [],
    })
    await assertFair(world, recorded)
    return {
      ...figure,
      rates: { ...figure.rates, ...pure.rates },
      cpu: { ...figure.cpu, ...pure.cpu },
      latencies: { 'the first decision': spread(first) },
    }
  } finally {
    await bare.end()
    await store.close()
    await world.close()
  }
}

/** What is asked of the queue, without an end; each comes to one event. */
function* commands(): Generator<QueueCommand, never> {
  const about = { queue: QUEUE }
  yield { type: 'queue.staff', members, ...about }
  for (let lead = 0; ; lead++) {
    const { member } = members[Math.floor(lead / 50) % members.length]!
    if (lead % 50 === 0) yield { type: 'queue.leave', member, ...about }
    if (lead % 50 === 25) yield { type: 'queue.return', member, ...about }
    yield { type: 'queue.assign', lead: `${lead}`, ...about }
    const done = lead - OPEN
    if (done >= 0 && done % 21 === 0) yield { type: 'queue.credit', lead: `${done}`, reason: 'rejected', ...about }
    else if (done >= 0) yield { type: 'queue.release', lead: `${done}`, ...about }
  }
}

interface Queue {
  readonly state: QueueState
  readonly version: number
}

/** Gives the queue so long a life as it would have had by now. */
async function live({ store }: World, asked: Iterator<QueueCommand, never>, length: number): Promise<Queue> {
  let state = queueDecider.initialState
  const events: Envelope[] = []
  while (events.length < length) {
    const at = Date.now()
    const happened = queueDecider.decide(asked.next().value, state, at).map((one): Happened => ({ ...one, at }))
    state = evolved(queueDecider, happened, state)
    events.push(...happened.map(envelope))
  }
  for (let from = 0; from < events.length; from += 1000) await store.append({ events: events.slice(from, from + 1000) })
  return { state, version: events.length }
}

const envelope = ({ type, data, at }: Happened): Envelope => ({
  specversion: '1.0',
  id: mintId(),
  source: SOURCE,
  type,
  dataschema: dataschemaOf(typeOf(type)!),
  time: new Date(at).toISOString(),
  partitionkey: QUEUE,
  data,
})

/** The decider alone, going on from a state by commands of its own: so many decisions, and what that came to. */
function startAlone({ state: begin }: Queue) {
  const asked = commands()
  let state = begin
  asked.next() // its members are there
  return (count: number) => {
    const stop = stopwatch()
    for (let i = 0; i < count; i++) {
      const at = i
      const decided = queueDecider.decide(asked.next().value, state, at)
      for (const one of decided) state = queueDecider.evolve(state, { ...one, at })
    }
    return stop(count)
  }
}

/** A table without an index, and what is to be put into it: an assignment as it is recorded. */
async function createBare({ pool }: World): Promise<string> {
  await pool.query('create table bare (envelope jsonb)')
  const { rows } = await pool.query<{ envelope: string }>(
    `select envelope::text from store.event where stream = 'queue-${QUEUE}' and type = 'queue.assigned' limit 1`,
  )
  return rows[0]!.envelope
}

/** Throws unless the stream has what was answered, without a gap, nobody was given a lead while away, and all had as many. */
async function assertFair({ pool }: World, recorded: number): Promise<void> {
  const { rows } = await pool.query<{ events: number; last: number; away: number; fewest: number; most: number }>(
    `with e as (
       select version, type, envelope->'data'->>'member' member from store.event where stream = 'queue-${QUEUE}'
     ),
     taken as (
       select type, count(*) filter (where type = 'queue.assigned') over at_most
           - count(*) filter (where type = 'queue.credited') over at_most n,
         count(*) filter (where type = 'queue.member-left') over at_most
           > count(*) filter (where type = 'queue.member-returned') over at_most away,
         row_number() over (partition by member order by version desc) = 1 newest
       from e where member is not null window at_most as (partition by member order by version)
     )
     select (select count(*) from e) events, (select max(version) from e) last,
       count(*) filter (where away and type = 'queue.assigned') away,
       min(n) filter (where newest) fewest, max(n) filter (where newest) most
     from taken`,
  )
  const { events, last, away, fewest, most } = rows[0]!
  // what is owed is forgotten at the return from leave, so a few may be missing in the end
  if (events !== recorded || last !== recorded || away || most - fewest > 5 + most / 20)
    throw new Error(`${recorded} decisions should have been taken in turn: ${JSON.stringify(rows[0])}`)
}
