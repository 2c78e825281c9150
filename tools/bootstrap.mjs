// What both commands need first, on any Node from 20 on: the dependencies as locked, and Node 24 from among them.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createHash } from 'node:crypto'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('..', import.meta.url))

/** Installs when the lock file is not the installed one. Returns the environment in which `node` is the pinned Node. */
export function bootstrap() {
  const [major] = process.versions.node.split('.').map(Number)
  if (major < 20) fail(`Funnel needs Node 20 or later to start; this is ${process.version}.`)
  const stamp = join(root, 'node_modules', '.funnel-lock')
  const lock = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex')
  if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== lock) {
    console.error('Installing dependencies (once; about a minute) …')
    run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'])
    writeFileSync(stamp, lock)
  }
  return { ...process.env, PATH: `${join(root, 'node_modules', '.bin')}${delimiter}${process.env.PATH}` }
}

/** Runs a command with its output shown; ends this process with its code when it fails. */
export function run(command, args, env = process.env) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: 'inherit', env })
  if (error) fail(`${command}: ${error.message}`)
  if (status !== 0) process.exit(status ?? 1)
}

export function fail(message) {
  console.error(message)
  process.exit(1)
}

/** The path of the Node that runs the platform: the pinned one, else this one where it is new enough. */
export function pinnedNode(env) {
  const probe = spawnSync('node', ['-p', 'process.execPath + " " + process.versions.node'], {
    env,
    cwd: root,
    encoding: 'utf8',
  })
  const [path, version = '0'] =
    probe.status === 0 ? probe.stdout.trim().split(' ') : [process.execPath, process.versions.node]
  if (Number(version.split('.')[0]) < 24)
    fail(
      `Funnel needs Node 24 to run, and its dependencies bring none for ${process.platform} ${process.arch}: install Node 24 (this is ${version}).`,
    )
  return path
}
