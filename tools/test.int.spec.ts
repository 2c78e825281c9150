import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'

const root = fileURLToPath(new URL('..', import.meta.url))
let folder = ''

/** Runs a program with an npm in its path that says what it was asked and what CI is, and then fails at one script. */
function withNpm(failing: string, program: string, ...args: string[]) {
  const { FUNNEL_TEST_RUN: _, CI: __, ...inherited } = process.env
  const { stdout, status } = spawnSync(program, args, {
    encoding: 'utf8',
    env: { ...inherited, FAILING: failing, PATH: `${folder}${delimiter}${process.env['PATH']}` },
  })
  return { lines: stdout.trimEnd().split('\n'), status }
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'funnel-npm-'))
  // it never installs: the stamp of an install must not be written for one that was none
  const npm = `#!/bin/sh\necho "npm $* CI=$CI"\ncase "$1 $3" in ci*|*" $FAILING") exit 1;; esac\n`
  writeFileSync(join(folder, 'npm'), npm, { mode: 0o755 })
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('npm test', () => {
  it.each(['format:check', 'build', 'lint', 'jest'])('ends with a count and fails when %s fails', (script) => {
    const { lines, status } = withNpm(script, process.execPath, join(root, 'tools/test.mjs'))
    expect([lines.at(-1), status]).toEqual(['0 passed, 1 failed, 0 skipped', 1])
  })
})

describe('.ci/run', () => {
  it('skips nothing that cannot run', () => {
    expect(withNpm('', join(root, '.ci/run')).lines.at(-1)).toBe('npm test CI=true')
  })
})
