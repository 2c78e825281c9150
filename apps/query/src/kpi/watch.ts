import { setTimeout as sleep } from 'node:timers/promises'
import type { Changes } from '../read/changes.js'
import type { Generations } from '../read/generations.js'
import type { Answered, Answers } from './answers.js'
import { provisional, type Question } from '@funnel/ledger'

/** Milliseconds one evaluation for a watcher may take. */
const PATIENCE = 30_000

/**
 * The answer now and after each change of it. It is asked at most once in `interval` milliseconds, whether it changes or
 * not: changes in between come as one, and while the receiver is not `ready` nothing is asked. A watermark that moves
 * alone is no change. Ends with the signal.
 */
export async function* watch(
  { answers, generations, changes }: { answers: Answers; generations: Generations; changes: Changes },
  question: Question,
  interval: number,
  ready: () => Promise<void>,
  signal: AbortSignal,
): AsyncGenerator<Answered, void, undefined> {
  let sent: string | undefined
  while (!signal.aborted) {
    // waiting starts before asking, so a change during the evaluation is not missed
    const changed = changes.wait(signal)
    generations.forget()
    const answered = await answers.ask(question, { deadline: Date.now() + PATIENCE, signal })
    const content = contentOf(question, answered)
    if (content !== sent && !signal.aborted) {
      sent = content
      yield answered
      await ready()
    }
    await Promise.all([changed, sleep(interval, undefined, { signal }).catch(() => undefined)])
  }
}

const contentOf = ({ knownAt }: Question, { rows, generation, basis, kpi, used }: Answered) =>
  JSON.stringify([
    generation,
    basis.definitionsHash,
    basis.parked,
    provisional(knownAt, basis).length,
    kpi.version,
    used,
    rows,
  ])
