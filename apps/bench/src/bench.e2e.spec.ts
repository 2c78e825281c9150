import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { describeKafka } from '@funnel/testing'
import type { Figure } from './harness.js'

const run = promisify(execFile)
const main = fileURLToPath(new URL('../dist/main.js', import.meta.url))

/** Says nothing about speed: only that what is quick to set up can be measured, is checked to be right, and has its peers. */
describe('npm run bench', () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'funnel-bench-'))
  })
  afterAll(() => rm(folder, { recursive: true }))

  const measured = async (goals: string): Promise<Figure[]> => {
    const out = join(folder, 'bench.json')
    const args = [main, '--only', goals, '--events', '300', '--rounds', '1', '--out', out]
    // servers of its own: those of this test run must not end with it
    const { stdout } = await run(process.execPath, args, { env: { ...process.env, FUNNEL_TEST_RUN: undefined } })
    const { figures } = JSON.parse(await readFile(out, 'utf8')) as { figures: Figure[] }
    for (const { goal } of figures) expect(stdout).toContain(`\n${goal}  `)
    return figures
  }
  const expectNumbers = ({ rates, ratios, targets }: Figure) => {
    for (const { median } of [...Object.values(rates), ...Object.values(ratios)]) expect(median).toBeGreaterThan(0)
    expect(Object.keys(ratios)).toEqual(Object.keys(targets))
  }

  it('measures what needs no broker', async () => {
    const figures = await measured('G1,G5,G6')
    expect(figures).toHaveLength(3)
    for (const figure of figures) expectNumbers(figure)
  }, 240_000)

  describeKafka('with a broker', () => {
    it('measures what goes through Kafka', async () => {
      const figures = await measured('G8')
      expect(figures).toHaveLength(1)
      for (const figure of figures) expectNumbers(figure)
    }, 240_000)
  })

  it('refuses a goal that there is not, and names those that there are', async () => {
    await expect(run(process.execPath, [main, '--only', 'G99'])).rejects.toThrow(/G99 is no goal; goals: G1 /)
  })
})
