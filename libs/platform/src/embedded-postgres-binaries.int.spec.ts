import { spawnSync } from 'node:child_process'
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { binaries, passable, postgresUser } from './embedded-postgres-binaries.js'
import { startEmbeddedPostgres } from './embedded-postgres.js'

// only root has to run PostgreSQL as somebody else
const asRoot = process.getuid?.() === 0 ? describe : describe.skip

asRoot('As root, below a folder of root’s alone,', () => {
  let folder = ''
  const closed = (...path: string[]) => join(folder, 'root', ...path)
  const cache = () => join(folder, 'cache')
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'funnel-root-'))
    chmodSync(folder, 0o755)
    mkdirSync(closed(), { mode: 0o700 })
    const { postgres } = await binaries()
    const native = dirname(dirname(postgres))
    cpSync(native, closed('package', 'native'), { recursive: true, verbatimSymlinks: true })
    cpSync(join(native, '..', 'package.json'), closed('package', 'package.json'))
    chmodSync(closed('package', 'native', 'share'), 0o700) // as a strict umask leaves it
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it('PostgreSQL runs from a copy, which is made once', () => {
    const bin = (name: string) => closed('package', 'native', 'bin', name)
    const own = { initdb: bin('initdb'), postgres: bin('postgres') }
    expect(spawnSync(own.postgres, ['--version'], postgresUser).status).not.toBe(0)
    const copies = passable(own, cache())
    const data = join(folder, 'data')
    mkdirSync(data, { mode: 0o777 })
    chmodSync(data, 0o777)
    const made = spawnSync(copies.initdb, ['-D', join(data, 'pg'), '-U', 'postgres', '--auth=reject'], {
      encoding: 'utf8',
      ...postgresUser,
    })
    expect([made.status, made.stderr]).toEqual([0, ''])
    expect(passable(own, cache())).toEqual(copies)
    expect(readdirSync(cache())).toEqual([expect.stringMatching(/^postgres-\d/)])
  }, 60_000)

  it('data are refused, with what to do', async () => {
    await expect(startEmbeddedPostgres({ dir: closed('data') })).rejects.toThrow(
      `the user nobody may not pass to ${closed('data')}: choose a folder that every user may pass to`,
    )
  })
})
