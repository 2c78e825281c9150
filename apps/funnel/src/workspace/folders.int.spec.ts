import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { emptyFolder, folderOf, openFolder, ownFolder, workspacesIn } from './folders.js'
import { findRunning, mustRun } from './locate.js'
import { runs, thisProcess } from './process.js'
import { claim, release, runningState, writeState, type WorkspaceState } from './state.js'

let base: string
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'funnel-folders-'))
})
afterEach(() => rmSync(base, { recursive: true, force: true }))

const state = (workspace: string): WorkspaceState => ({
  workspace,
  supervisor: thisProcess(),
  startedAt: new Date().toISOString(),
  ready: true,
  demo: false,
  embeddedPostgres: true,
  urls: { ingest: 'http://127.0.0.1:1', commands: '127.0.0.1:3', query: '127.0.0.1:2' },
  databaseUrl: 'postgresql://x',
  vaultDatabaseUrl: 'postgresql://x',
  readDatabaseUrl: 'postgresql://x',
  services: [],
})

describe('the folder of a workspace', () => {
  it('is emptied by a fresh start when it is ours, but for the claim and the log of that start', () => {
    const folder = folderOf('demo', base)
    openFolder(folder)
    expect(workspacesIn(base)).toEqual(['demo'])
    claim(folder, thisProcess())
    for (const place of [folder.postgres, folder.kafka]) mkdirSync(place)
    for (const file of [folder.startLog, join(folder.logs, 'query.log'), join(folder.path, 'keys.json')])
      writeFileSync(file, '')
    emptyFolder(folder)
    expect(readdirSync(folder.path).toSorted()).toEqual(['.funnel-workspace', 'funnel.pid', 'logs'])
    expect(readdirSync(folder.logs)).toEqual(['up.log'])
    expect(() => claim(folder, thisProcess())).toThrow(/is running already/)
  })

  it('is neither used nor removed when something else lies there', () => {
    const folder = folderOf('demo', base)
    mkdirSync(folder.path)
    writeFileSync(join(folder.path, 'thesis.txt'), 'precious')
    expect(() => emptyFolder(folder)).toThrow(/does not look like the workspace demo/)
    expect(() => openFolder(folder)).toThrow(/holds something else/)
    expect(existsSync(join(folder.path, 'thesis.txt'))).toBe(true)
  })

  it('lies in the repository, but for a clone that only root may enter', () => {
    mkdirSync(join(base, 'clone'))
    expect(ownFolder(join(base, 'clone'), false)).toBe(join(base, 'clone', '.funnel'))
    expect(ownFolder(join(base, 'clone'), true)).toBe(
      join('/var/lib/funnel', `${base.slice(1).replaceAll('/', '-')}-clone`),
    )
    expect(ownFolder('/usr', true)).toBe('/usr/.funnel')
  })

  it('of another workspace is not removed either', () => {
    openFolder(folderOf('other', base))
    const disguised = { ...folderOf('other', base), workspace: 'demo' }
    expect(() => emptyFolder(disguised)).toThrow(/does not look like/)
  })

  it.each(['..', '../x', '', 'a/b', 'A', '-x', '.'])('cannot be called %j', (name) => {
    expect(() => folderOf(name, base)).toThrow(/cannot be the name/)
  })
})

describe('a running workspace', () => {
  it('is found by others while its process lives, and its file is the owner’s only', () => {
    const folder = folderOf('mine', base)
    openFolder(folder)
    claim(folder, thisProcess())
    writeState(folder, state('mine'))
    expect(statSync(join(folder.path, 'state.json')).mode & 0o777).toBe(0o600)
    expect(findRunning({ dataDir: base })?.state.workspace).toBe('mine')
    expect(() => claim(folder, thisProcess())).toThrow(/is running already/)
    release(folder)
    expect(findRunning({ dataDir: base })).toBeUndefined()
  })

  it('counts as ended when its number belongs to another process by now', () => {
    const folder = folderOf('mine', base)
    openFolder(folder)
    const impostor = { pid: process.pid, began: '1' }
    expect(runs(thisProcess())).toBe(true)
    expect(runs(impostor)).toBe(false)
    claim(folder, impostor)
    writeState(folder, { ...state('mine'), supervisor: impostor })
    expect(runningState(folder)).toBeUndefined()
    expect(() => claim(folder, thisProcess())).not.toThrow()
  })

  it('must be named when several run, and started when none does', () => {
    expect(() => mustRun({ dataDir: base })).toThrow('start one with `npm start`')
    expect(() => mustRun({ dataDir: base, workspace: 'mine' })).toThrow('npm start -- --workspace mine')
    for (const name of ['a', 'b']) {
      const folder = folderOf(name, base)
      openFolder(folder)
      writeState(folder, state(name))
    }
    expect(() => findRunning({ dataDir: base })).toThrow(/several workspaces run.*\(a, b\)/)
    expect(findRunning({ dataDir: base, workspace: 'b' })?.state.workspace).toBe('b')
  })
})
