import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'

const library = resolve(import.meta.dirname, '..')
const buf = resolve(dirname(createRequire(import.meta.url).resolve('ts-proto/package.json')), '..', '.bin', 'buf')
const run = (...args: string[]) => spawnSync(buf, args, { cwd: library, encoding: 'utf8' })

describe('the .proto files', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'funnel-proto-'))
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  it('keep to buf’s standard rules', () => {
    const { stdout, stderr, status } = run('lint')
    expect({ stdout, stderr, status }).toEqual({ stdout: '', stderr: '', status: 0 })
  })

  it('are what the committed TypeScript was generated from', () => {
    execFileSync(process.execPath, [join(library, 'generate.mjs'), folder], { cwd: library })
    expect(filesOf(folder)).toEqual(filesOf(join(library, 'src', 'gen')))
  })

  it('break no client of the version before', () => {
    const before = versionBefore(library)
    if ('none' in before) {
      process.stderr.write(`SKIPPED: libs/query-api/proto has nothing to be compared with: ${before.none}\n`)
      return
    }
    checkOut(library, before.commit, folder)
    const { stdout, stderr, status } = run('breaking', '--against', folder)
    expect({ stdout, stderr, status }).toEqual({ stdout: '', stderr: '', status: 0 })
  })

  it('would be caught breaking one', () => {
    cpSync(join(library, 'proto'), join(folder, 'proto'), { recursive: true })
    cpSync(join(library, 'buf.yaml'), join(folder, 'buf.yaml'))
    const file = join(folder, 'proto', 'funnel', 'v1', 'kpi.proto')
    writeFileSync(file, `${readFileSync(file, 'utf8')}\nmessage Removed {\n  string was = 1;\n}\n`)
    const { stdout, status } = run('breaking', '--against', folder)
    expect(stdout).toContain('Previously present message "Removed" was deleted')
    expect(status).not.toBe(0)
  })
})

describe('the version before', () => {
  let folder: string
  const at = (...path: string[]) => join(folder, 'origin', ...path)
  const commit = (text: string): string => {
    writeFileSync(at('proto', 'a.proto'), text)
    const author = ['-c', 'user.name=a', '-c', 'user.email=a@example.org', '-c', 'commit.gpgsign=false']
    for (const args of [
      ['add', '.'],
      [...author, 'commit', '--quiet', '-m', text],
    ])
      execFileSync('git', args, { cwd: at() })
    return git(at(), 'rev-parse', 'HEAD').trim()
  }
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'funnel-proto-'))
    mkdirSync(at('proto'), { recursive: true })
    writeFileSync(at('buf.yaml'), 'version: v2\n')
    execFileSync('git', ['init', '--quiet', '--initial-branch=main'], { cwd: at() })
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  it('is the last commit where files have changed since, else the one before their last change', () => {
    const first = commit('first')
    expect(versionBefore(at())).toEqual({ none: 'this is its first version' })
    commit('second')
    writeFileSync(at('other.txt'), 'no .proto')
    const third = commit('second')
    expect(versionBefore(at())).toEqual({ commit: first })
    checkOut(at(), first, join(folder, 'before'))
    expect(filesOf(join(folder, 'before'))).toEqual({ 'buf.yaml': 'version: v2\n', 'proto/a.proto': 'first' })
    writeFileSync(at('proto', 'b.proto'), 'not committed')
    expect(versionBefore(at())).toEqual({ commit: third })
  })

  it('is missed out loud in a shallow clone and outside of git', () => {
    for (const text of ['first', 'second']) commit(text)
    const clone = join(folder, 'clone')
    execFileSync('git', ['clone', '--quiet', '--depth=1', `file://${at()}`, clone])
    expect(versionBefore(clone)).toEqual({ none: expect.stringContaining('the clone is shallow') })
    rmSync(join(clone, '.git'), { recursive: true })
    expect(versionBefore(clone)).toEqual({ none: 'this is no git repository' })
  })
})

/** All files below a folder, by their path. */
function filesOf(folder: string): Record<string, string> {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8', withFileTypes: true })
  return Object.fromEntries(
    names
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .map((path) => [path.slice(folder.length + 1), readFileSync(path, 'utf8')] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  )
}

const git = (cwd: string, ...args: string[]): string => {
  const { status, stdout } = spawnSync('git', args, { cwd, encoding: 'utf8' })
  return status === 0 ? stdout : ''
}

/**
 * The commit whose .proto files clients know; or why there is none. In a clean checkout the last commit is the version itself.
 */
function versionBefore(cwd: string): { readonly commit: string } | { readonly none: string } {
  const head = git(cwd, 'rev-parse', '--verify', 'HEAD').trim()
  if (!head) return { none: 'this is no git repository' }
  if (git(cwd, 'status', '--porcelain', '--', 'proto')) return { commit: head }
  const last = git(cwd, 'log', '-1', '--format=%H', '--', 'proto').trim()
  const commit = git(cwd, 'rev-parse', '--verify', `${last}^`).trim()
  if (commit && git(cwd, 'ls-tree', '-r', '--name-only', commit, 'proto')) return { commit }
  if (git(cwd, 'rev-parse', '--is-shallow-repository').trim() === 'true')
    return {
      none: 'the clone is shallow, so that breaking changes go unseen; `git fetch --unshallow` brings the history',
    }
  return { none: 'this is its first version' }
}

/** Writes the .proto files of a commit, and their settings, into a folder. */
function checkOut(cwd: string, commit: string, folder: string): void {
  for (const file of git(cwd, 'ls-tree', '-r', '--name-only', commit, 'proto', 'buf.yaml')
    .split('\n')
    .filter(Boolean)) {
    mkdirSync(dirname(join(folder, file)), { recursive: true })
    writeFileSync(join(folder, file), git(cwd, 'show', `${commit}:./${file}`))
  }
}
