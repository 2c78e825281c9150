import { print, say } from '../cli/print.js'
import type { Command } from 'commander'
import { setTimeout as sleep } from 'node:timers/promises'
import { advance, topicNames, type Positions, type Recorded, type Topic } from '@funnel/events'
import type { EventTail } from '@funnel/event-log'
import { wholeFrom, workspaceCommand } from '../cli/command.js'
import { style } from '../cli/style.js'
import { pad } from '../cli/table.js'
import type { Choice } from '../workspace/locate.js'
import { storeOf } from '../workspace/stores.js'

const PAGE = 500
const PAUSE = 250

interface TailFlags extends Choice {
  readonly json?: boolean
  readonly last: number
  readonly follow: boolean
}

/** `funnel tail`: events as they are recorded, in the total order of the log. */
export const tailCommand = (): Command =>
  workspaceCommand('tail', 'show events as they are recorded', [
    'npx funnel tail',
    'npx funnel tail --last 100 --no-follow --json | jq -r .event.type | sort | uniq -c',
  ])
    .option('-n, --last <n>', 'begin so many events back', wholeFrom(0), 10)
    .option('--no-follow', 'end at the end of the log')
    .action(async (flags: TailFlags) => {
      const [{ createPool }, { postgresEventTail }] = await Promise.all([
        import('@funnel/platform'),
        import('@funnel/event-log'),
      ])
      const { databaseUrl, name } = storeOf(flags)
      if (!flags.json) say(style('dim', name, process.stderr))
      const stop = new AbortController()
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort())
      const pool = createPool(databaseUrl, 'funnel-tail', 1)
      try {
        for await (const record of follow(postgresEventTail(pool), flags.last, flags.follow, stop.signal))
          print(flags.json ? JSON.stringify(record) : lineOf(record))
      } finally {
        await pool.end()
      }
    })

/** The last events and, when following, all that come; nothing twice, nothing left out. */
export async function* follow(
  tail: EventTail,
  last: number,
  on: boolean,
  signal: AbortSignal,
): AsyncGenerator<Recorded> {
  let head = await tail.heads()
  yield* await lastEvents(tail, head.positions, last)
  if (!on) return
  for (let place = head.positions; !signal.aborted; place = head.positions) {
    head = await tail.heads()
    for (let from = place; ;) {
      const records = await tail.read(from, head.positions, PAGE)
      yield* records
      if (records.length < PAGE || signal.aborted) break
      from = advance(from, records)
    }
    await sleep(PAUSE, undefined, { signal }).catch(() => undefined)
  }
}

/** The last events up to these positions, in the total order of the log. */
export async function lastEvents(tail: EventTail, upTo: Positions, last: number): Promise<Recorded[]> {
  // each partition may hold all of the last; more than enough is read and the rest dropped
  const back = await readAll(tail, minus(upTo, last), upTo)
  return last ? back.slice(-last) : []
}

async function readAll(tail: EventTail, from: Positions, to: Positions): Promise<Recorded[]> {
  const all: Recorded[] = []
  for (let place = from; ; place = advance(place, all)) {
    const records = await tail.read(place, to, PAGE)
    all.push(...records)
    if (records.length < PAGE) return all
  }
}

function minus(positions: Positions, n: number): Positions {
  const back: { [topic in Topic]?: number[] } = {}
  for (const topic of topicNames) {
    const row = positions[topic]
    if (row) back[topic] = row.map((position) => Math.max(0, position - n))
  }
  return back
}

function lineOf({ recorded, event, topic, partition, position, stream }: Recorded): string {
  const place = `${topic}/${partition}/${position}`
  return [
    style('dim', new Date(recorded).toISOString()),
    style('cyan', pad(event.type, 20)),
    pad(stream, 20),
    style('dim', pad(place, 18)),
    JSON.stringify(event.data),
  ].join('  ')
}
