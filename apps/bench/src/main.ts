import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import { fileURLToPath } from 'node:url'
import { Command, InvalidArgumentError, Option } from 'commander'
import { testServer } from '@funnel/testing'
import { goals, listed } from './goals.js'
import type { Figure, Settings } from './harness.js'
import { fill, type Filled } from './history.js'
import { print, type Result } from './print.js'
import { serverSettings } from './server.js'

/** Events of a history that is one time as long. */
const ONCE = 100_000
const USUAL = '1,10,100'

const count = (text: string) => {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('a whole number from 1 on')
  return value
}
const known = (text: string) => {
  const names = text.split(',')
  const strange = names.find((name) => !goals[name])
  if (strange) throw new InvalidArgumentError(`${strange} is no goal; goals: ${Object.keys(goals).join(' ')}`)
  return names
}
const lengths = (text: string) =>
  text.split(',').map((times) => {
    const events = Math.round(Number(times) * ONCE)
    if (!(events >= 1)) throw new InvalidArgumentError('numbers above 0, as in 1,10,100')
    return events
  })
const command = new Command('npm run bench --')
  .description(
    'Measures the platform against real peers in the same run, in turn, and prints ratios: median, least and greatest.\n' +
      'A figure whose result is not right is not told. Absolute figures are the machine’s. docs/benchmarks.md says how to read it.',
  )
  .addOption(
    new Option('--only <goals>', 'some of the goals, separated by commas')
      .argParser(known)
      .default(Object.keys(goals), 'all'),
  )
  .addOption(
    new Option('--history <list>', 'over logs so many times 100,000 events long, each filled once per run')
      .argParser(lengths)
      .default(lengths(USUAL), USUAL),
  )
  .option('--rounds <n>', 'rounds after the first, which is thrown away', count, 5)
  .option(
    '--events <n>',
    'events (G9, G16: calls, G10c: due times, G13: probes, G14: commands, G15: decisions) of a round, of goals whose round is not the whole log',
    count,
  )
  .option('--out <file>', 'the same as JSON', 'bench.json')
  .addHelpText(
    'after',
    `\nGoals:\n${listed()}\n\nExamples:\n  npm run bench                         # takes two hours\n  npm run bench -- --history 1\n` +
      '  npm run bench -- --only G5,G6 --history 1 --rounds 9\n  npm run bench -- --history 0.02 --events 200 --rounds 1    # only to see it work',
  )
  .parse()
const options = command.opts<{ only: string[]; history: number[]; rounds: number; events?: number; out: string }>()

const say = (line: string) => process.stderr.write(`${line}\n`)

/** A goal measured in a process of its own. Throws when that fails. */
function measured(name: string, settings: Settings): Figure {
  const script = fileURLToPath(new URL('./measure.js', import.meta.url))
  const { node } = goals[name]!
  const args = [...(node ? [node] : []), script, name, JSON.stringify(settings)]
  const { stdout, status } = spawnSync(process.execPath, args, {
    encoding: 'utf8',
    env: { ...process.env, TEST_DATABASE_URL: server },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  if (status !== 0) throw new Error(`${name} could not be measured`)
  return JSON.parse(stdout) as Figure
}

/** Our rate as a ratio to the one of an earlier figure of the same goal. */
function growth(now: Figure, before: Result | undefined): Result['growth'] {
  const [ours, first] = [now, before].map((figure) => figure && Object.values(figure.rates)[0])
  return before && ours && first && { history: before.history, ratio: ours.median / first.median }
}

const server = await testServer()
const report = {
  at: new Date().toISOString(),
  node: process.version,
  cores: cpus().length,
  memory: totalmem(),
  postgres: await serverSettings(server),
  figures: [] as Result[],
}
process.stdout.write(
  `${Object.entries(report.postgres)
    .map((pair) => pair.join(' '))
    .join(', ')}\n`,
)
const histories: Filled[] = []
try {
  for (const events of options.history) {
    say(`a log of ${events.toLocaleString('en')} events is filled and folded`)
    histories.push(await fill(events))
  }
  for (const name of options.only) {
    const { events = 0, targets = {}, atMost = {} } = goals[name]!
    let shortest: Result | undefined
    for (const history of histories) {
      say(`${name} over ${history.events.toLocaleString('en')} events`)
      const figure = measured(name, { history, events: options.events ?? events, rounds: options.rounds })
      const grown = growth(figure, shortest)
      const result = {
        goal: name,
        history: history.events,
        ...figure,
        targets,
        atMost,
        ...(grown && { growth: grown }),
      }
      shortest ??= result
      report.figures.push(result)
      process.stdout.write(print(result))
      writeFileSync(options.out, `${JSON.stringify(report, null, 2)}\n`) // a long run that is cut off has told what it has
    }
  }
} finally {
  for (const history of histories) await history.drop()
}
process.exit(0)
