import type pg from 'pg'
import { loadAllDefinitions } from '@funnel/definitions'
import { byRules, dealDecider, dealStreams, type DealCommand, type DealRules } from '@funnel/domain'
import { FunnelError, type ErrorCode } from '@funnel/events'
import {
  DECISION_CONNECTIONS,
  definitionsInForce,
  handle,
  openDecisionStore,
  postgresDefinitionLog,
  type Asking,
  type Handled,
} from '@funnel/event-store'
import { testDatabase } from '@funnel/testing'
import { life, LIVED, type Lived } from '../deals.js'
import { compare, concurrently, stopwatch, type Done, type Figure, type Settings } from '../harness.js'
import { forked } from '../peers/forked.js'
import { createWorld } from '../world.js'

const CALLERS = 64
/** More make the peer no faster: it holds a connection as long as a command takes. */
const PEER_CALLERS = 32
const SOURCE = '/bench/commands'

/**
 * G14: commands through a decider: the stream is read, the decision taken, and appended if the stream is as it was read.
 * Ours is what ingest carries commands out by, with its idempotency keys; the peer is Emmett's command handler with the
 * very same decider. Many callers at once, each with a deal of its own.
 */
export async function commandsThroughDeciders({ history, events: commands, rounds }: Settings): Promise<Figure> {
  const world = await createWorld(history)
  const store = await openDecisionStore(world.url)
  const { reasons } = loadAllDefinitions()
  const rules = definitionsInForce<DealRules>({ reasons }, postgresDefinitionLog(world.pool))
  const { refresh } = rules
  const decider = byRules(rules, dealDecider)
  const ours: Ask = (command, asking) =>
    handle(store, { decider, refresh, command, streams: dealStreams(command), source: SOURCE, ...asking })
  const database = await testDatabase()
  const peer = forked('emmett-commands', database.url, `${PEER_CALLERS}`)
  const deals = Math.ceil(commands / LIVED.length)
  // a peer that takes seconds for what we do in one is given less of the work: rates are what is compared
  const fewer = Math.ceil(deals / 4)
  try {
    await assertSafe(ours)
    const figure = await compare({
      what: `commands of deals through a decider, ${CALLERS} callers at once`,
      unit: 'commands/s',
      rounds,
      ours: {
        name: 'funnel',
        run: async (round) => {
          const stop = stopwatch()
          await concurrently(deals, CALLERS, async (i) => {
            for (const [n, command] of life(`bench-${round}-${i}`).entries())
              await ours(command, { key: `${round}/${i}/${n}` })
          })
          return stop(deals * LIVED.length)
        },
      },
      peers: [
        {
          name: 'Emmett’s command handler',
          run: (round) => peer.ask<Done>({ round, deals: fewer }),
        },
      ],
      notes: [
        `a deal is opened, moved, changed and won, one after the other; ${deals.toLocaleString('en')} deals a round, each a stream of its own, all of them new`,
        `ours: as in ingest, ${DECISION_CONNECTIONS} connections; each command has an idempotency key that is looked up in all that is recorded, and goes by the definitions in force, which are looked up, too; decisions that are ready at once share a transaction`,
        `Emmett: DeciderCommandHandler with our decider, ${fewer.toLocaleString('en')} deals a round, ${PEER_CALLERS} callers at once and as many connections, a process of its own, no idempotency; its store begins empty`,
        'synchronous_commit on for both',
      ],
    })
    assertLived('funnel', await lived(world.pool), deals * (rounds + 1))
    assertLived('Emmett', await peer.ask<readonly Lived[]>({}), fewer * (rounds + 1))
    return figure
  } finally {
    peer.kill()
    await database.drop()
    await store.close()
    await world.close()
  }
}

type Ask = (command: DealCommand, asking: Omit<Asking, 'source'>) => Promise<Handled>

/** Throws unless a repeated command is answered as the first time, and of two who open one deal at once one is refused. */
async function assertSafe(ask: Ask): Promise<void> {
  const [open, move] = life('bench-safe')
  const opening = await Promise.allSettled([ask(open, { key: 'a' }), ask(open, { key: 'b' })])
  const winners = opening.filter((one) => one.status === 'fulfilled')
  if (winners.length !== 1) throw new Error(`${winners.length} of two callers have opened one deal`)
  const key = opening[0].status === 'fulfilled' ? 'a' : 'b'
  const again = await ask(open, { key })
  if (!again.repeated || again.events[0]?.event.id !== winners[0]!.value.events[0]!.event.id)
    throw new Error('a repeated command was not answered as the first time')
  await assertRefused('IDEMPOTENCY_CONFLICT', ask(move, { key }))
  await assertRefused('VERSION_CONFLICT', ask(move, { key: 'c', expected: 0 }))
}

async function assertRefused(code: ErrorCode, asked: Promise<unknown>): Promise<void> {
  const answer: unknown = await asked.catch((error: unknown) => error)
  if (!(answer instanceof FunnelError) || answer.code !== code) throw new Error(`a command was not refused as ${code}`)
}

/** How many deals were lived in the same way: their events in order of version, without a gap. */
async function lived(pool: pg.Pool): Promise<readonly Lived[]> {
  const { rows } = await pool.query<Lived>(
    `select types, count(*)::int deals from (
       select array_agg(type order by version) types from store.event
       where stream like 'deal-bench-%' and stream <> 'deal-bench-safe' group by stream
       having max(version) = count(*) and min(version) = 1
     ) deal group by types`,
  )
  return rows
}

function assertLived(who: string, all: readonly Lived[], deals: number): void {
  if (all.length !== 1 || all[0]!.deals !== deals || all[0]!.types.join() !== LIVED.join())
    throw new Error(`${who} should have ${deals} deals with ${LIVED.join(', ')}; it has ${JSON.stringify(all)}`)
}
