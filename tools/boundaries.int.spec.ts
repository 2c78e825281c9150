import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'

const script = fileURLToPath(new URL('boundaries.mjs', import.meta.url))
let folder = ''
let root = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'funnel-boundaries-'))
  root = folder
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

interface Package {
  readonly tags?: readonly string[]
  readonly needs?: readonly string[]
  /** What its tests alone need. */
  readonly tests?: readonly string[]
  /** Source files by path below src. */
  readonly files?: Readonly<Record<string, string>>
}

const declared = (names: readonly string[]) => Object.fromEntries(names.map((name) => [`@funnel/${name}`, '*']))

/** Lays out packages and says what the check finds. */
function check(packages: Readonly<Record<string, Package>>): { ok: boolean; problems: string } {
  for (const [path, { tags = [], needs = [], tests = [], files = {} }] of Object.entries(packages)) {
    const name = `@funnel/${path.split('/')[1]}`
    const dependencies = declared(needs)
    write(
      join(path, 'package.json'),
      JSON.stringify({ name, dependencies, devDependencies: declared(tests), nx: { tags } }),
    )
    for (const [file, text] of Object.entries(files)) write(join(path, 'src', file), text)
  }
  const { status, stderr } = spawnSync(process.execPath, [script, root], { encoding: 'utf8' })
  return { ok: status === 0, problems: stderr }
}
function write(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true })
  writeFileSync(join(root, path), text)
}

const events: Package = { tags: ['layer:contract', 'side:both'] }
const store: Package = { tags: ['layer:infra', 'side:write'] }
const models: Package = { tags: ['layer:infra', 'side:read'] }
const uses = (name: string) => `import { x } from '@funnel/${name}'\n`

describe('The boundaries', () => {
  it('let a package import what it declares and may see', () => {
    const ingest = { tags: ['layer:app', 'side:write'], needs: ['events', 'store'] }
    const files = { 'main.ts': uses('events') + uses('store') + `import { y } from './y.js'\n`, 'y.ts': '' }
    expect(check({ 'libs/events': events, 'libs/store': store, 'apps/ingest': { ...ingest, files } })).toEqual({
      ok: true,
      problems: '',
    })
  })

  it('keep the sides apart, but for a bridge', () => {
    const files = { 'main.ts': uses('store') }
    const query = { tags: ['layer:app', 'side:read'], needs: ['store'], files }
    expect(check({ 'libs/store': store, 'apps/query': query }).problems).toContain(
      'side:read must not import @funnel/store',
    )
    const monitor = {
      tags: ['layer:app', 'side:bridge'],
      needs: ['store', 'models'],
      files: { 'main.ts': uses('store') + uses('models') },
    }
    rmSync(join(root, 'apps'), { recursive: true })
    expect(check({ 'libs/store': store, 'libs/models': models, 'apps/monitor': monitor }).ok).toBe(true)
  })

  it('keep the layers apart and the domain pure', () => {
    const domain = (text: string) => ({
      tags: ['layer:domain', 'side:both'],
      needs: ['store'],
      files: { 'index.ts': text },
    })
    const store = { tags: ['layer:infra', 'side:both'] }
    expect(check({ 'libs/store': store, 'libs/ledger': domain(uses('store')) }).problems).toContain(
      'layer:domain must not import @funnel/store',
    )
    for (const text of [
      `import pg from 'pg'\n`,
      `import 'pg'\n`,
      `import type { Pool } from 'pg'\n`,
      `export * from 'kafkajs'\n`,
      `import {\n  Injectable,\n} from '@nestjs/common'\n`,
      `const x = await import('typeorm')\n`,
    ])
      expect([text, check({ 'libs/store': store, 'libs/ledger': domain(text) }).problems]).toEqual([
        text,
        expect.stringMatching(/libs\/ledger\/src\/index\.ts:\d+: layer:domain must not import/),
      ])
  })

  it('keep query from the store and ingest from the read models, whatever their tags', () => {
    const both = ['layer:infra', 'side:both']
    const packages = {
      'libs/event-store': { tags: both },
      'libs/projections': { tags: both },
      'apps/query': {
        tags: ['layer:app', 'side:both'],
        needs: ['event-store'],
        files: { 'a.ts': uses('event-store') },
      },
      'apps/ingest': {
        tags: ['layer:app', 'side:both'],
        needs: ['projections'],
        files: { 'a.ts': uses('projections') },
      },
    }
    const { problems } = check(packages)
    expect(problems).toContain('query must never import @funnel/event-store')
    expect(problems).toContain('ingest must never import @funnel/projections')
  })

  it('want packages declared, named and tagged', () => {
    const files = { 'a.ts': uses('events') + uses('nothing') + `import { x } from '../../events/src/x.js'\n` }
    const { problems } = check({ 'libs/events': events, 'libs/store': { ...store, files }, 'libs/other': {} })
    expect(problems).toContain('@funnel/events is not among the dependencies')
    expect(problems).toContain('there is no package @funnel/nothing')
    expect(problems).toContain('import other packages by name')
    expect(problems).toContain('libs/other/package.json: needs the tags')
    expect(problems).toContain('4 forbidden imports')
  })

  it('let tests see everything that is declared', () => {
    const text = uses('store') + `import pg from 'pg'\n`
    const files = { 'a.unit.spec.ts': text, 'a.contract.ts': text, 'testing/a.ts': text }
    expect(check({ 'libs/events': { ...events, tests: ['store'], files }, 'libs/store': store }).ok).toBe(true)
    expect(check({ 'libs/events': { ...events, files }, 'libs/store': store }).problems).toContain(
      '@funnel/store is not among the devDependencies',
    )
    expect(check({ 'libs/events': { ...events, tests: ['store'], files: { 'a.ts': text } } }).problems).toContain(
      '@funnel/store is not among the dependencies',
    )
  })

  it('keep what is made for tests out of everything else', () => {
    const files = { 'a.ts': `import { x } from './testing/b.js'\n`, 'testing/b.ts': '' }
    expect(check({ 'libs/events': { ...events, files } }).problems).toContain(
      'libs/events/src/a.ts:1: ./testing/b.js is for tests alone',
    )
    const contract = { 'a.ts': `export * from './b.contract.js'\n`, 'b.contract.ts': '' }
    expect(check({ 'libs/events': { ...events, files: contract } }).problems).toContain('is for tests alone')
    const other = { 'a.ts': uses('events/testing') }
    expect(
      check({ 'libs/events': events, 'libs/store': { ...store, needs: ['events'], files: other } }).problems,
    ).toContain('libs/store/src/a.ts:1: @funnel/events/testing is for tests alone')
    const tests = { 'a.int.spec.ts': uses('events/testing') + files['a.ts'], 'testing/b.ts': '' }
    rmSync(join(root, 'libs'), { recursive: true })
    expect(check({ 'libs/events': events, 'libs/store': { ...store, needs: ['events'], files: tests } }).ok).toBe(true)
  })

  it('take no file for a test because of where the repository lies', () => {
    root = join(folder, 'testing', 'funnel')
    const files = { 'a.ts': uses('nothing') + `import pg from 'pg'\n` }
    expect(check({ 'libs/events': { ...events, files } }).problems).toContain('layer:contract must not import pg')
  })

  it('hold in this repository', () => {
    const { status, stderr } = spawnSync(process.execPath, [script, join(dirname(script), '..')], { encoding: 'utf8' })
    expect([status, stderr]).toEqual([0, ''])
  })
})
