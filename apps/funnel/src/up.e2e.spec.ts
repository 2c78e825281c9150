import { execFile, spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { freePort } from '@funnel/platform'
import { portNames, portOptions } from './up/ports.js'
import { repository } from './workspace/folders.js'

interface Result {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}
interface Status {
  readonly ok: boolean
  readonly pid: number
  readonly services: readonly {
    readonly name: string
    readonly state: string
    readonly pid: number
    readonly restarts: number
  }[]
}

const bin = join(repository, 'apps', 'funnel', 'bin', 'funnel.mjs')
const base = mkdtempSync(join(tmpdir(), 'funnel-up-'))
const {
  DATABASE_URL: _,
  READ_DATABASE_URL: __,
  KAFKA_BROKERS: ___,
  FUNNEL_WORKSPACE: ____,
  NODE_OPTIONS: _____,
  ...inherited
} = process.env
const env = { ...inherited, FUNNEL_DATA_DIR: base, NO_COLOR: '1' }
let ports: string[] = []
/** For each test: a busy machine starts a dozen processes slowly. */
const PATIENCE = 150_000

/** Runs a command to its end. */
const funnel = (...args: string[]): Promise<Result> =>
  new Promise((resolve) => {
    execFile(process.execPath, [bin, ...args], { env, maxBuffer: 1 << 26 }, (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code ?? 1) : 0, stdout, stderr })
    })
  })

const json = async <T>(...args: string[]): Promise<T> => {
  const { stdout, stderr } = await funnel(...args, '--json')
  if (!stdout) throw new Error(`funnel ${args.join(' ')}: ${stderr}`)
  return JSON.parse(stdout) as T
}

/** A workspace kept in the foreground by a child of the test. */
class Foreground {
  stderr = ''
  readonly ended: Promise<number | null>
  readonly #child: ChildProcess
  #ready = false

  constructor(...args: string[]) {
    this.#child = spawn(process.execPath, [bin, 'up', '--json', ...ports, ...args], {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#child.stdout!.on('data', () => (this.#ready = true))
    this.#child.stderr!.on('data', (chunk: Buffer) => (this.stderr += chunk.toString()))
    this.ended = new Promise((resolve) => this.#child.once('exit', resolve))
    started.push(this)
  }

  async ready(): Promise<this> {
    for (const end = Date.now() + 90_000; !this.#ready; await sleep(50))
      if (Date.now() > end || this.#child.exitCode !== null) throw new Error(`not ready:\n${this.stderr}`)
    return this
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }
}
const started: Foreground[] = []

const until = async <T>(what: string, look: () => Promise<T>, good: (value: T) => boolean): Promise<T> => {
  let value = await look()
  for (const end = Date.now() + 60_000; !good(value); value = await look()) {
    if (Date.now() > end) throw new Error(`${what}: still ${JSON.stringify(value)}`)
    await sleep(500)
  }
  return value
}

const alive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ')
  } catch {
    return false
  }
}
const pidsOf = ({ pid, services }: Status) => [pid, ...services.map(({ pid }) => pid)]
const leads = async (): Promise<number> => {
  const { answer } = await json<{ answer: { rows: { cell: { count?: number } }[] } }>('kpi', 'leads')
  return answer.rows[0]?.cell.count ?? 0
}

describe('funnel up', () => {
  beforeAll(async () => {
    chmodSync(base, 0o711)
    if (!existsSync(join(repository, 'apps', 'funnel', 'dist', 'main.js')))
      spawnSync(process.execPath, [join(repository, 'node_modules', 'typescript', 'bin', 'tsc'), '-b'], {
        cwd: repository,
      })
    const free = new Set<number>()
    while (free.size < portNames.length) free.add(await freePort())
    ports = [...free].flatMap((port, i) => [portOptions[portNames[i]!], String(port)])
  }, PATIENCE)
  afterAll(async () => {
    for (const up of started) {
      up.kill('SIGTERM')
      await up.ended
    }
    rmSync(base, { recursive: true, force: true })
  }, PATIENCE)

  it(
    'says what to do when nothing runs',
    async () => {
      const { code, stderr, stdout } = await funnel('kpi', 'leads')
      expect({ code, stdout }).toEqual({ code: 4, stdout: '' })
      expect(stderr).toContain('npm start')
    },
    PATIENCE,
  )

  let known = 0

  it(
    'brings a demo into KPIs that verify',
    async () => {
      await new Foreground().ready()
      const status = await json<Status>('status')
      expect(status.ok).toBe(true)
      expect(status.services.map(({ name }) => name)).toEqual([
        'ingest',
        'automation',
        'relay',
        'projector',
        'query',
        'postgres',
      ])

      known = await until('leads', leads, (count) => count > 500)
      const { answer } = await json<{ answer: { rows: { cell: { ratio?: number } }[] } }>(
        'kpi',
        'win-rate',
        '--by',
        'channel',
      )
      expect(answer.rows.length).toBeGreaterThan(3)
      const table = await funnel('kpi', 'win-rate', '--by', 'channel')
      expect(table.stdout).toMatch(/organic_search +\d+\.\d{3} %/)
      expect(table.stderr).toMatch(/win-rate@1 · complete to .* · provisional/)

      const verified = await funnel('verify', '--json')
      expect(verified.code).toBe(0)
      expect(JSON.parse(verified.stdout)).toMatchObject({ ok: true, differences: [] })
    },
    PATIENCE,
  )

  it(
    'has a past that became known day by day, says until when it was made up, and lives on: sales goes on to answer',
    async () => {
      const { simulatedUntil } = await json<{ simulatedUntil: string }>('status')
      expect(Date.now() - Date.parse(simulatedUntil)).toBeLessThan(3_600_000 * 12)
      const before = await json<{ answer: { rows: { cell: { count?: number } }[] } }>(
        'kpi',
        'leads',
        '--known-at',
        '30d',
      )
      const count = before.answer.rows[0]!.cell.count!
      expect(count).toBeGreaterThan(200)
      expect(count).toBeLessThan((await leads()) - 30)

      const answered = async () => {
        const { answer } = await json<{ answer: { rows: { cell: { sampleSize?: number } }[] } }>(
          'kpi',
          'acceptance-rate',
          '--from',
          simulatedUntil,
        )
        return answer.rows[0]?.cell.sampleSize ?? 0
      }
      await until('answered handoffs', answered, (count) => count > 0)
    },
    PATIENCE,
  )

  it(
    'explains a number by entries that add up to it',
    async () => {
      const { total, entries, more } = await json<{
        total: { count: number }
        entries: { amount: { count: number } }[]
        more: boolean
      }>('explain', 'leads', '--to', '1d', '--limit', '5000')
      expect(more).toBe(false)
      expect(entries.reduce((sum, { amount }) => sum + amount.count, 0)).toBe(total.count)
      expect(total.count).toBeGreaterThan(200)
    },
    PATIENCE,
  )

  it(
    'ends a wrong command line with 2 and a reason',
    async () => {
      for (const args of [
        ['kpi'],
        ['kpi', 'leads', '--from', 'yesterday'],
        ['kpi', 'no-such-kpi'],
        ['nonsense'],
        ['kpi', 'leads', '--limit', '0'],
      ]) {
        const { code, stderr, stdout } = await funnel(...args)
        expect({ args, code, stdout }).toEqual({
          args,
          code: args[1] === 'no-such-kpi' ? 1 : 2,
          stdout: '',
        })
        expect(stderr).toMatch(/error:/)
      }
    },
    PATIENCE,
  )

  it(
    'starts a killed service again',
    async () => {
      const before = await json<Status>('status')
      const victim = before.services.find(({ name }) => name === 'ingest')!
      process.kill(victim.pid, 'SIGKILL')
      const after = await until(
        'ingest',
        () => json<Status>('status'),
        ({ ok, services }) => ok && services.some(({ name, restarts }) => name === 'ingest' && restarts === 1),
      )
      expect(after.services.find(({ name }) => name === 'ingest')!.pid).not.toBe(victim.pid)
    },
    PATIENCE,
  )

  it(
    'refuses a second start of the same workspace, and busy ports to another, naming both',
    async () => {
      const same = await funnel('up', ...ports)
      expect(same.code).toBe(1)
      expect(same.stderr).toContain('the workspace demo is running already')

      const other = await funnel('up', '--workspace', 'mine', ...ports)
      expect(other.code).toBe(1)
      expect(other.stderr).toContain(`port ${ports[1]} (ingest, HTTP) is in use: --ingest-port N`)
      expect(other.stderr).toContain('npx funnel down --workspace demo')
    },
    PATIENCE,
  )

  it(
    'stops in order on SIGTERM and leaves no process',
    async () => {
      const up = started[0]!
      const pids = pidsOf(await json<Status>('status'))
      up.kill('SIGTERM')
      expect(await up.ended).toBe(0)
      expect(pids.filter(alive)).toEqual([])
      const stopped = [...up.stderr.matchAll(/^(\w+) +\| stopped$/gm)].map(([, name]) => name)
      expect(stopped).toEqual(['ingest', 'automation', 'relay', 'projector', 'query', 'postgres'])
      expect((await funnel('status')).code).toBe(4)
    },
    PATIENCE,
  )

  it(
    'keeps the data for the next start, in the background too',
    async () => {
      const { code, stderr } = await funnel('up', '--detach', '--no-demo', ...ports)
      expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining('running in the background') })
      const status = await json<Status>('status')
      expect(await leads()).toBeGreaterThanOrEqual(known)
      expect((await funnel('down')).code).toBe(0)
      expect(pidsOf(status).filter(alive)).toEqual([])
    },
    PATIENCE,
  )

  it(
    'starts over with --fresh, and takes everything along when it is killed',
    async () => {
      const up = await new Foreground('--fresh', '--no-demo').ready()
      expect(await leads()).toBe(0)
      const status = await json<Status>('status')
      up.kill('SIGKILL')
      await up.ended
      await until(
        'processes',
        () => Promise.resolve(pidsOf(status).filter(alive)),
        (left) => left.length === 0,
      )
      expect((await funnel('kpi', 'leads')).code).toBe(4)
    },
    PATIENCE,
  )
})
