import { execFile, spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '@funnel/platform'
import { portNames, portOptions } from '../up/ports.js'
import { repository } from '../workspace/folders.js'

const bin = join(repository, 'apps', 'funnel', 'bin', 'funnel.mjs')

/** What a command left behind. */
export interface Result {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** The command as a user types it, over workspaces and ports of its own. */
export interface CommandLine {
  /** Ports for one workspace, as options of `up`. */
  readonly ports: readonly string[]
  /** Runs a command to its end. */
  run(...args: readonly string[]): Promise<Result>
  /** What it prints with --json. Throws when it prints nothing. */
  json<T>(...args: readonly string[]): Promise<T>
  /** Starts a workspace that a process of its own keeps in the foreground. */
  start(...args: readonly string[]): Foreground
  /** Stops what was started and removes all data. */
  close(): Promise<void>
}

/** The built command, with these settings and none of the environment that would lead it elsewhere. */
export async function commandLine(settings: NodeJS.ProcessEnv = {}): Promise<CommandLine> {
  if (!existsSync(join(repository, 'apps', 'funnel', 'dist', 'main.js')))
    spawnSync(process.execPath, [join(repository, 'node_modules', 'typescript', 'bin', 'tsc'), '-b'], {
      cwd: repository,
    })
  const folder = mkdtempSync(join(tmpdir(), 'funnel-up-'))
  chmodSync(folder, 0o711)
  const {
    DATABASE_URL: _,
    READ_DATABASE_URL: __,
    KAFKA_BROKERS: ___,
    FUNNEL_WORKSPACE: ____,
    NODE_OPTIONS: _____,
    ...inherited
  } = process.env
  const env = { ...inherited, FUNNEL_DATA_DIR: folder, NO_COLOR: '1', ...settings }
  const free = new Set<number>()
  while (free.size < portNames.length) free.add(await freePort())
  const ports = [...free].flatMap((port, i) => [portOptions[portNames[i]!], String(port)])
  const started: Foreground[] = []

  const run: CommandLine['run'] = (...args) =>
    new Promise((resolve) => {
      execFile(process.execPath, [bin, ...args], { env, maxBuffer: 1 << 26 }, (error, stdout, stderr) => {
        resolve({ code: error ? Number(error.code ?? 1) : 0, stdout, stderr })
      })
    })
  return {
    ports,
    run,
    async json<T>(...args: readonly string[]) {
      const { stdout, stderr } = await run(...args, '--json')
      if (!stdout) throw new Error(`funnel ${args.join(' ')}: ${stderr}`)
      return JSON.parse(stdout) as T
    },
    start(...args) {
      const workspace = new Foreground(['up', '--json', ...ports, ...args], env)
      started.push(workspace)
      return workspace
    },
    async close() {
      for (const workspace of started) {
        workspace.kill('SIGTERM')
        await workspace.ended
      }
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** A workspace kept in the foreground by a child of the test. */
export class Foreground {
  stderr = ''
  readonly ended: Promise<number | null>
  readonly #child: ChildProcess
  #stdout = ''

  constructor(args: readonly string[], env: NodeJS.ProcessEnv) {
    this.#child = spawn(process.execPath, [bin, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] })
    this.#child.stdout!.on('data', (chunk: Buffer) => (this.#stdout += chunk.toString()))
    this.#child.stderr!.on('data', (chunk: Buffer) => (this.stderr += chunk.toString()))
    this.ended = new Promise((resolve) => this.#child.once('exit', resolve))
  }

  async ready(): Promise<this> {
    for (const end = Date.now() + 90_000; !this.#stdout.endsWith('\n'); await sleep(50))
      if (Date.now() > end || this.#child.exitCode !== null) throw new Error(`not ready:\n${this.stderr}`)
    return this
  }

  /** Sends an event through the public door, with the workspace's own key or another. Throws when it is refused. */
  async send(event: object, key?: string): Promise<void> {
    const { urls, writeKey } = JSON.parse(this.#stdout) as { urls: { ingest: string }; writeKey: string }
    const response = await fetch(`${urls.ingest}/v1/events`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${key ?? writeKey}` },
      body: JSON.stringify(event),
    })
    if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`)
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }
}

/** What is looked at, as soon as it is good. Throws when it has not become so after so many milliseconds. */
export async function until<T>(
  what: string,
  look: () => Promise<T>,
  good: (value: T) => boolean,
  patience = 60_000,
): Promise<T> {
  let value = await look()
  for (const end = Date.now() + patience; !good(value); value = await look()) {
    if (Date.now() > end) throw new Error(`${what}: still ${JSON.stringify(value)}`)
    await sleep(500)
  }
  return value
}

/** The KPI `leads`, without a split. */
export async function leads(cli: CommandLine): Promise<number> {
  const { answer } = await cli.json<{ answer: { rows: { cell: { count?: number } }[] } }>('kpi', 'leads')
  return answer.rows[0]?.cell.count ?? 0
}
