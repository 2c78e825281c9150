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

  it('break no client of the last commit', () => {
    const before = committed(folder)
    if (!before) {
      process.stderr.write('SKIPPED: no earlier commit of libs/query-api/proto to compare with\n')
      return
    }
    const { stdout, stderr, status } = run('breaking', '--against', before)
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

/** The files as last committed, in a folder; undefined when there is no such commit. */
function committed(folder: string): string | undefined {
  const git = (...args: string[]) => spawnSync('git', args, { cwd: library, encoding: 'utf8' })
  const { status, stdout } = git('ls-tree', '-r', '--name-only', 'HEAD', 'proto', 'buf.yaml')
  const files = stdout?.split('\n').filter(Boolean)
  if (status !== 0 || !files?.some((file) => file.endsWith('.proto'))) return undefined
  for (const file of files) {
    mkdirSync(dirname(join(folder, file)), { recursive: true })
    writeFileSync(join(folder, file), git('show', `HEAD:./${file}`).stdout)
  }
  return folder
}
