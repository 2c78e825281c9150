import type { Kpi } from '@funnel/definitions'
import { FunnelError } from '@funnel/events'

import {
  answer,
  asked,
  plan,
  usedVersions,
  type Answer,
  type AnswerRow,
  type Question,
  type UsedVersion,
} from '@funnel/ledger'
import type { Patience } from '@funnel/platform/grpc'
import type { ReadDatabase } from '../read/database.js'
import type { Generations } from '../read/generations.js'
import { ofLive } from '../read/live.js'

/** An answer with the definition and the generation that gave it. */
export interface Answered extends Answer {
  readonly kpi: Kpi
  readonly used: readonly UsedVersion[]
  readonly generation: number
}

/** At most this many answers are kept, each of at most this many rows. */
const MOST_ANSWERS = 1000
const MOST_ROWS_KEPT = 2000

/**
 * Answers to KPI questions. An answer is kept until the live generation folds more (or another goes live), so a question
 * asked often costs no SQL; how old it may be is bounded by Generations.POLL. The same question asked at once is
 * evaluated once.
 */
export class Answers {
  readonly #database: ReadDatabase
  readonly #generations: Generations
  readonly #kept = new Map<string, Promise<Answered>>()
  #stamp = ''
  #newest = ''

  constructor(database: ReadDatabase, generations: Generations) {
    this.#database = database
    this.#generations = generations
  }

  async ask(question: Question, patience: Patience): Promise<Answered> {
    const generation = await this.#generations.current()
    const stamp = `${generation.id} ${generation.fold} ${generation.definitionsHash}`
    if (stamp !== this.#stamp) {
      this.#kept.clear()
      this.#stamp = stamp
    }
    const key = JSON.stringify(question)
    for (let kept; (kept = this.#kept.get(key));) {
      this.#keep(key, kept)
      try {
        return await kept
      } catch (error) {
        // the other caller was in a greater hurry, or has gone
        const hurried = error instanceof FunnelError && (error.code === 'DEADLINE' || error.code === 'OVERLOADED')
        if (!hurried || Date.now() >= patience.deadline) throw error
        // the first who goes on evaluates for all who waited
        if (this.#kept.get(key) === kept) this.#kept.delete(key)
      }
    }
    const evaluation = this.#evaluate(question, patience)
    this.#keep(key, evaluation)
    void this.#dropUnlessKeepable(key, evaluation)
    const [oldest] = this.#kept.keys()
    if (this.#kept.size > MOST_ANSWERS && oldest !== undefined) this.#kept.delete(oldest)
    return evaluation
  }

  /** The one not asked for longest goes first. A question that is asked over and over stays where it is. */
  #keep(key: string, kept: Promise<Answered>): void {
    if (key === this.#newest && this.#kept.get(key) === kept) return
    this.#kept.delete(key)
    this.#kept.set(key, kept)
    this.#newest = key
  }

  async #dropUnlessKeepable(key: string, evaluation: Promise<Answered>): Promise<void> {
    const keepable = await evaluation.then(
      ({ rows }) => rows.length <= MOST_ROWS_KEPT,
      () => false,
    )
    if (!keepable && this.#kept.get(key) === evaluation) this.#kept.delete(key)
  }

  #evaluate(question: Question, patience: Patience): Promise<Answered> {
    return ofLive(this.#generations, patience, ({ id }) => this.of(id, question, patience))
  }

  /** The answer of one generation, straight from the ledger. */
  async of(generation: number, question: Question, patience: Patience): Promise<Answered> {
    const { versions, definitions, rolled } = await this.#generations.definitionsOf(generation)
    const kpi = asked(question, definitions, versions.kpis)
    const statement = plan(question, kpi, { generation, knownAt: question.knownAt, rolled })
    const rows = await this.#database.rows<AnswerRow>(statement, patience)
    const answered = answer(question, kpi, rows)
    return { ...answered, kpi, used: usedVersions(question, kpi, versions, answered.basis?.w ?? null), generation }
  }
}
