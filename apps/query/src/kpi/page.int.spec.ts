import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { createLogger, createPool } from '@funnel/platform'
import {
  DiffKpiRequest,
  DiffKpiResponse,
  ExplainKpiRequest,
  ExplainKpiResponse,
  limits,
  ListLeadsResponse,
} from '@funnel/query-api'
import { testDatabase, type TestDatabase } from '@funnel/testing'
import { LeadsController } from '../lists/leads.controller.js'
import { ReadModels } from '../read/read-models.js'
import { definitions } from '../testing/definitions.js'
import { HandMadeReadModel } from '../testing/read-model.js'
import { diff } from './diff.js'
import { explain } from './explain.js'

const W = '2024-05-01T00:00:00.000Z'
const COUNT = 40
const MEGABYTE = 1 << 20

describe('a page of large messages', () => {
  let database: TestDatabase
  let model: HandMadeReadModel
  let models: ReadModels
  beforeAll(async () => {
    database = await testDatabase()
    model = new HandMadeReadModel(database.url)
    models = new ReadModels(createPool(database.url, 'spec'), database.url, createLogger('spec', 'silent'))
    await model.createGeneration(definitions)
    const occurred = '2024-01-10T00:00:00.000Z'
    const subjects = Array.from({ length: COUNT }, (_, i) => String(i))
    await model.fold(
      1,
      W,
      subjects.map((subject) => ({ measure: 'lead.captured', occurred, subject })),
    )
    const large = `jsonb_build_object('text', repeat('x', ${MEGABYTE}))`
    await model.pool.query(`update gen_1.fact set data = ${large}`)
    await model.pool.query(
      `insert into gen_1.lead select s, null, null, null, null, $1::timestamptz, null, ${large}, '{}' from unnest($2::text[]) s`,
      [occurred, subjects],
    )
  })
  afterAll(async () => {
    await models?.close()
    await model?.close()
    await database?.drop()
  })

  const patience = () => ({ deadline: Date.now() + 30_000 })
  /** All pages: how long each is, and how many there are in each. */
  const pagesOf = async <Page extends { readonly nextPageToken: string }>(
    next: (pageToken: string) => Promise<Page>,
    measure: (page: Page) => [bytes: number, count: number],
  ) => {
    const measured: [bytes: number, count: number][] = []
    for (let token = ''; ;) {
      const page = await next(token)
      measured.push(measure(page))
      token = page.nextPageToken
      if (!token) return measured
    }
  }
  const whole = (pages: readonly [bytes: number, count: number][]) => {
    for (const [bytes] of pages) expect(bytes).toBeLessThanOrEqual(limits.maxAnswer)
    expect(pages.reduce((sum, [, count]) => sum + count, 0)).toBe(COUNT)
    expect(pages.length).toBe(3)
  }
  const question = { kpi: 'leads' }

  it('of entries behind a number ends where the message is full, and the next goes on there', async () => {
    const request = { question, pageSize: 1000 }
    whole(
      await pagesOf(
        (pageToken) => explain(models, ExplainKpiRequest.fromPartial({ ...request, pageToken }), patience()),
        (page) => [ExplainKpiResponse.encode(page).finish().length, page.entries.length],
      ),
    )
  })

  it('of a difference does too', async () => {
    const request = { question, knownFrom: new Date('2024-01-01T00:00:00Z'), pageSize: 1000 }
    whole(
      await pagesOf(
        (pageToken) => diff(models, DiffKpiRequest.fromPartial({ ...request, pageToken }), patience()),
        (page) => [DiffKpiResponse.encode(page).finish().length, page.entries.length],
      ),
    )
  })

  it('of leads does too', async () => {
    const leads = new LeadsController(models)
    const none = { leads: [], stages: [], channels: [], owners: [], persons: [], flags: [] }
    const call = { cancelled: false, getDeadline: () => patience().deadline, once: () => undefined }
    whole(
      await pagesOf(
        (pageToken) => leads.listLeads({ ...none, pageSize: 1000, pageToken }, {} as never, call),
        (page) => [ListLeadsResponse.encode(page).finish().length, page.leads.length],
      ),
    )
  })

  it('never is empty, however large the one message on it is', async () => {
    await model.pool.query(
      `update gen_1.fact set data = jsonb_build_object('text', repeat('x', ${20 * MEGABYTE})) where position = 1`,
    )
    const page = await explain(models, ExplainKpiRequest.fromPartial({ question }), patience())
    expect(page.entries.length).toBe(1)
    expect(page.nextPageToken).not.toBe('')
  })
})
