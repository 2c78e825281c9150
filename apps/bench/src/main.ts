import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import { Command, InvalidArgumentError } from 'commander'
import type { Figure, Settings } from './harness.js'
import { print } from './print.js'

type Measure = (settings: Settings) => Promise<Figure>

interface Goal {
  readonly measure: () => Promise<Measure>
  /** Events, or calls, of a round by default. */
  readonly events: number
  /** Whether more history could slow it. */
  readonly grows?: true
}

const goals: Readonly<Record<string, Goal>> = {
  G1: { measure: async () => (await import('./goals/projector.js')).projectorOnPostgres, events: 100_000, grows: true },
  'G1+G2': {
    measure: async () => (await import('./goals/projector.js')).projectorOnKafka,
    events: 50_000,
    grows: true,
  },
  G4: { measure: async () => (await import('./goals/rebuild.js')).rebuildFromTheStart, events: 100_000, grows: true },
  G5: { measure: async () => (await import('./goals/append.js')).appendOfSingleEvents, events: 20_000 },
  G6: { measure: async () => (await import('./goals/append-batches.js')).appendOfBatches, events: 50_000, grows: true },
  G8: { measure: async () => (await import('./goals/relay.js')).relayToKafka, events: 50_000, grows: true },
  G9: { measure: async () => (await import('./goals/query.js')).queryOverGrpc, events: 20_000, grows: true },
  G13: { measure: async () => (await import('./goals/freshness.js')).freshness, events: 300 },
}
const HISTORY = 100_000

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
const command = new Command('npm run bench --')
  .description(
    'Measures the platform against real peers in the same run, in turn, and prints ratios: median, least and greatest.\n' +
      'Correctness is checked before anything is timed. Absolute figures are the machine’s.',
  )
  .option('--only <goals>', `some of ${Object.keys(goals).join(',')}`, known)
  .option('--events <n>', 'events (G9: calls, G13: probes) of a round, for all goals', count)
  .option('--rounds <n>', 'rounds after the first, which is thrown away', count, 5)
  .option('--history <list>', 'also with the log so many times 100,000 events long, where that could matter: 1,10,100')
  .option('--out <file>', 'the same as JSON', 'bench.json')
  .option('--goal <goal>', 'one goal, its figure as JSON on stdout; what a run starts for each')
  .addHelpText(
    'after',
    '\nExamples:\n  npm run bench\n  npm run bench -- --only G1,G4 --rounds 3\n  npm run bench -- --only G4 --history 1,10',
  )
  .parse()
const options = command.opts<{
  only?: string[]
  events?: number
  rounds: number
  history?: string
  out: string
  goal?: string
}>()

if (options.goal) {
  // a process of its own: a peer's library may change how the shared driver reads numbers
  const { measure, events } = goals[options.goal]!
  const figure = await (await measure())({ events: options.events ?? events, rounds: options.rounds })
  process.stdout.write(JSON.stringify(figure))
  process.exit(0)
}

const sizes = options.history?.split(',').map((times) => Number(times) * HISTORY) ?? [undefined]
const figures: Figure[] = []
for (const goal of options.only ?? Object.keys(goals))
  for (const size of goals[goal]!.grows ? sizes : [undefined]) {
    const events = options.events ?? size
    const args = ['--goal', goal, '--rounds', String(options.rounds), ...(events ? ['--events', String(events)] : [])]
    const { stdout, status } = spawnSync(process.execPath, [process.argv[1]!, ...args], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    if (status !== 0) {
      process.stderr.write(`${goal} could not be measured\n`)
      process.exit(1)
    }
    const figure = JSON.parse(stdout) as Figure
    figures.push(figure)
    process.stdout.write(print(figure))
  }
const report = {
  at: new Date().toISOString(),
  node: process.version,
  cores: cpus().length,
  memory: totalmem(),
  figures,
}
writeFileSync(options.out, `${JSON.stringify(report, null, 2)}\n`)
process.exit(0)
