import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { describeKafka, testKafka, testServer } from '@funnel/testing'
import { goals, listed } from './goals.js'
import type { Result } from './print.js'

const run = promisify(execFile)
const main = fileURLToPath(new URL('../dist/main.js', import.meta.url))

/** Says nothing about speed: only that what is quick to set up can be measured, is checked to be right, and has its peers. */
describe('npm run bench', () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'funnel-bench-'))
  })
  afterAll(() => rm(folder, { recursive: true }))

  const measured = async (
    only: string,
    histories: string,
    { events = '300', env = {} }: { events?: string; env?: Record<string, string> } = {},
  ): Promise<Result[]> => {
    const out = join(folder, 'bench.json')
    const args = [main, '--only', only, '--history', histories, '--events', events, '--rounds', '1', '--out', out]
    const { stdout } = await run(process.execPath, args, {
      env: { ...process.env, TEST_DATABASE_URL: await testServer(), ...env },
    })
    const { figures } = JSON.parse(await readFile(out, 'utf8')) as { figures: Result[] }
    for (const { goal } of figures) expect(stdout).toContain(`\n${goal}  `)
    return figures
  }
  /** It has what its goal names, and nothing else. */
  const expectComplete = (figure: Result) => {
    const { targets = {}, atMost = {} } = goals[figure.goal]!
    for (const { median } of [figure.rates, figure.ratios, figure.cpu, figure.latencies].flatMap((some) =>
      Object.values(some),
    ))
      expect(median).toBeGreaterThan(0)
    expect(Object.keys(figure.ratios)).toEqual(Object.keys(targets))
    expect(Object.keys(figure.latencies)).toEqual(expect.arrayContaining(Object.keys(atMost)))
  }

  it('measures what needs no broker, over histories of two lengths', async () => {
    const measuredGoals = ['G5', 'G6', 'G10c', 'G10m', 'G14', 'G15']
    const figures = await measured(measuredGoals.join(), '0.003,0.006')
    expect(figures.map(({ goal, history }) => [goal, history])).toEqual(
      measuredGoals.flatMap((goal) => [300, 600].map((history) => [goal, history])),
    )
    for (const figure of figures) expectComplete(figure)
    expect(figures.map(({ growth }) => growth?.history)).toEqual(measuredGoals.flatMap(() => [undefined, 300]))
  }, 240_000)

  it('measures the journeys of the demo company', async () => {
    const [figure, ...more] = await measured('G16', '0.003')
    expect(more).toEqual([])
    expectComplete(figure!)
  }, 240_000)

  it('measures how late clocks are judged', async () => {
    const [figure] = await measured('G10l', '0.003', { events: '5' })
    expectComplete(figure!)
  }, 240_000)

  describeKafka('with a broker', () => {
    it('measures what goes through Kafka', async () => {
      const { brokers } = await testKafka()
      const figures = await measured('G1,G8', '0.003', { env: { KAFKA_BROKERS: brokers.join(',') } })
      expect(figures.map(({ goal }) => goal)).toEqual(['G1', 'G8'])
      for (const figure of figures) expectComplete(figure)
    }, 240_000)
  })

  it('refuses a goal that there is not, and names those that there are', async () => {
    await expect(run(process.execPath, [main, '--only', 'G99'])).rejects.toThrow(/G99 is no goal; goals: G1 /)
  })

  it('lists the goals with their peers', async () => {
    const { stdout } = await run(process.execPath, [main, '--help'])
    expect(stdout).toContain(listed())
    expect(listed()).toMatch(/G5 .*\n +≥ 8 × Emmett\n/)
  })
})
