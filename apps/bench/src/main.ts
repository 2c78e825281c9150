import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import type { Figure } from './harness.js'

type Measure = (settings: { readonly events: number; readonly rounds: number }) => Promise<Figure>

const goals: Readonly<Record<string, () => Promise<Measure>>> = {
  G1: async () => (await import('./goals/projector.js')).projectorOnPostgres,
  G5: async () => (await import('./goals/append.js')).appendOfSingleEvents,
}
const HELP = `npm run bench [-- --only G5,G1] [--events 20000] [--rounds 5] [--out bench.json]

Measures against real peers in the same run, in turn, and prints ratios: their medians, least and greatest. There is no
verdict on absolute figures; they are the machine's.`

const option = (name: string, value: string) => {
  const at = process.argv.indexOf(`--${name}`)
  return at > 0 ? (process.argv[at + 1] ?? value) : value
}

if (process.argv.includes('--help')) {
  process.stdout.write(`${HELP}\n`)
  process.exit(0)
}
const settings = { events: Number(option('events', '20000')), rounds: Number(option('rounds', '5')) }
const one = goals[option('goal', '')]
if (one) {
  // a process of its own: a peer's library may change how the shared driver reads numbers
  const measure = await one()
  process.stdout.write(JSON.stringify(await measure(settings)))
  process.exit(0)
}
const only = option('only', Object.keys(goals).join(',')).split(',')
const figures = only.map((goal): Figure => {
  const args = [
    process.argv[1]!,
    '--goal',
    goal,
    '--events',
    String(settings.events),
    '--rounds',
    String(settings.rounds),
  ]
  return JSON.parse(
    execFileSync(process.execPath, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }),
  ) as Figure
})

const number = (value: number) => (value >= 100 ? Math.round(value).toLocaleString('en') : value.toFixed(2))
for (const { goal, what, unit, rates, ratios, target, reached, notes } of figures) {
  process.stdout.write(`\n${goal}  ${what}\n`)
  for (const [who, { median, min, max }] of Object.entries(rates))
    process.stdout.write(
      `    ${who.padEnd(46)} ${number(median).padStart(10)} ${unit}  (${number(min)} – ${number(max)})\n`,
    )
  for (const [who, { median, min, max }] of Object.entries(ratios))
    process.stdout.write(
      `    ÷ ${who.padEnd(44)} ${number(median).padStart(10)} ×  (${number(min)} – ${number(max)})\n`,
    )
  if (target !== undefined) process.stdout.write(`    goal ≥ ${target} ×: ${reached ? 'reached' : 'not reached'}\n`)
  for (const note of notes ?? []) process.stdout.write(`    ${note}\n`)
}
const report = {
  at: new Date().toISOString(),
  node: process.version,
  cores: cpus().length,
  memory: totalmem(),
  settings,
  figures,
}
writeFileSync(option('out', 'bench.json'), `${JSON.stringify(report, null, 2)}\n`)
process.exit(0)
