import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import pg from 'pg'
import { exportPerson, openEventStore, openVault } from '@funnel/event-store'
import { createPool, startEmbeddedPostgres, type EmbeddedPostgres } from '@funnel/platform'
import { testDatabase, testServer } from '@funnel/testing'
import { migrateDatabases } from '../deploy/databases.js'
import { mayFeed } from './demo-rule.js'
import { openRoles, type RoleUrls } from './roles.js'

describe('the roles of the embedded database', () => {
  const dir = mkdtempSync(join(tmpdir(), 'funnel-roles-'))
  chmodSync(dir, 0o711)
  let server: EmbeddedPostgres
  let roles: RoleUrls
  const pools: pg.Pool[] = []
  const as = (url: string) => {
    const pool = createPool(url, 'spec', 1)
    pools.push(pool)
    return (sql: string) => pool.query(sql)
  }
  const denied = { code: '42501' }

  beforeAll(async () => {
    server = await startEmbeddedPostgres({ dir })
    const first = await openRoles(server)
    // as an earlier version left it
    await as(first.store)(
      'create schema vault; create table vault.raw (id bigint generated always as identity primary key, received_at timestamptz(3) not null default clock_timestamp(), body text not null)',
    )
    roles = await openRoles(server) // a second start: new passwords, same roles
    await migrateDatabases(roles)
  }, 60_000)
  afterAll(async () => {
    await Promise.all(pools.map((pool) => pool.end()))
    await server?.stop()
    rmSync(dir, { recursive: true, force: true })
  })

  it('let query read the read models, those of later generations too, and nothing else', async () => {
    const owner = as(roles.read)
    await owner('create schema gen_77; create table gen_77.entry (n int); insert into gen_77.entry values (1)')
    const query = as(roles.query)
    await expect(query('select n from gen_77.entry')).resolves.toMatchObject({ rows: [{ n: 1 }] })
    await expect(query('select count(*) from read.generation')).resolves.toBeDefined()
    await expect(query('select 1 from store.event')).rejects.toMatchObject(denied)
    await expect(query('select 1 from vault.raw')).rejects.toMatchObject(denied)
    await expect(query('delete from gen_77.entry')).rejects.toThrow()
    await expect(query('set transaction read write; delete from gen_77.entry')).rejects.toMatchObject(denied)
  })

  it('let the projector read the log, not the vault, and write no event', async () => {
    const projector = as(roles.read)
    await expect(projector('select count(*) from store.event')).resolves.toBeDefined()
    await expect(projector('select epoch from store.meta')).resolves.toBeDefined()
    await expect(projector('select hash_key from store.meta')).rejects.toMatchObject(denied)
    await expect(projector('select 1 from vault.raw')).rejects.toMatchObject(denied)
    await expect(projector('delete from store.event')).rejects.toMatchObject(denied)
  })

  it('let the store leave bodies in the vault and have old ones forgotten, and read nothing there', async () => {
    const events = await openEventStore({ url: roles.store })
    await events.reject([1, 2].map((n) => ({ source: '/spec', code: 'INVALID', message: 'wrong', body: `body ${n}` })))
    await events.close()
    const [store, vault] = [as(roles.store), as(roles.vault)]
    const { rows } = await vault('select body from vault.raw order by id')
    expect(rows).toEqual([{ body: 'body 1' }, { body: 'body 2' }])
    for (const look of ['select body from vault.raw', 'select id from vault.raw', 'delete from vault.raw'])
      await expect(store(look)).rejects.toMatchObject(denied)
    await expect(store('create table vault.mine ()')).rejects.toMatchObject(denied)
    await vault(`update vault.raw set received_at = received_at - interval '31 days' where body = 'body 1'`)
    await expect(store('select vault.forget_raw(10) as gone')).resolves.toMatchObject({ rows: [{ gone: 1 }] })
    await expect(store('select raw is null as forgotten from store.rejected_event order by id')).resolves.toMatchObject(
      {
        rows: [{ forgotten: true }, { forgotten: false }],
      },
    )
    for (const other of [roles.read, roles.query])
      await expect(as(other)('select vault.forget_raw(10)')).rejects.toMatchObject(denied)
    await expect(vault('select from store.rejected_event')).rejects.toMatchObject(denied)
  })

  it('let the store have personal data kept and erased that it cannot read, and the vault read no event', async () => {
    const keeper = await openVault({ url: roles.store })
    const [person] = await keeper.introduce([{ personal: { email: 'ann@example.com', name: 'Ann' }, at: Date.now() }])
    await keeper.keepNote({ id: '0198c0de-0000-7000-8000-000000000001', stream: `person-${person}`, text: 'A note' })
    const [store, vault] = [as(roles.store), as(roles.vault)]
    for (const table of ['profile', 'lookup', 'note', 'suppressed', 'raw'])
      await expect(store(`select from vault.${table}`)).rejects.toMatchObject(denied)
    for (const table of ['event', 'meta', 'write_key', 'rejected_event'])
      await expect(vault(`select from store.${table}`)).rejects.toMatchObject(denied)
    await expect(exportPerson(roles.store, roles.store, person!)).rejects.toThrow()
    await expect(exportPerson(roles.store, roles.vault, person!)).resolves.toMatchObject({
      profiles: [{ data: { email: 'ann@example.com', name: 'Ann' } }],
      notes: [{ text: 'A note' }],
    })
    for (const other of [roles.read, roles.query])
      await expect(as(other)(`select vault.erase('{}', '{}', '{}')`)).rejects.toMatchObject(denied)
    expect(await keeper.erase(person!)).toMatchObject({ profiles: 1, lookups: 1, notes: 1 })
    await keeper.close()
  })

  it('keep the write side out of the read models', async () => {
    const store = as(roles.store)
    await expect(store('select 1 from read.generation')).rejects.toMatchObject(denied)
  })

  it('let nobody else in', async () => {
    const admin = as(server.urlOf('funnel'))
    await admin(`create role stranger login password 'stranger'`)
    const stranger = as(server.urlOf('funnel', { name: 'stranger', password: 'stranger' }))
    await expect(stranger('select 1')).rejects.toMatchObject(denied)
  })

  it('are not those of another server, where the read models may lie', async () => {
    const elsewhere = await testDatabase()
    const admin = as(elsewhere.url)
    await admin(`create role elsewhere login superuser password 'elsewhere'`)
    try {
      const read = Object.assign(new URL(elsewhere.url), { username: 'elsewhere', password: 'elsewhere' }).href
      await migrateDatabases({ ...roles, read })
      await expect(as(read)('select from read.generation')).resolves.toBeDefined()
    } finally {
      await Promise.all(pools.splice(0).map((pool) => pool.end()))
      await elsewhere.drop()
      const server = createPool(await testServer(), 'spec', 1)
      await server.query('drop role elsewhere')
      await server.end()
    }
  })

  it('feed an empty store or the demo’s own, and never one that holds other data', async () => {
    const pool = createPool(roles.store, 'spec', 1)
    pools.push(pool)
    const wish = { workspace: 'demo', embedded: true, demo: undefined }
    await expect(mayFeed(pool, wish)).resolves.toBe(true)
    const event = (source: string) =>
      pool.query(
        `insert into store.event values (1, 0, 1, 'visitor-v', 1, gen_random_uuid(), 'touchpoint.recorded', now(), '', $1)`,
        [JSON.stringify({ source })],
      )
    await event('demo')
    await expect(mayFeed(pool, wish)).resolves.toBe(true)
    await pool.query('delete from store.event')
    await event('dev')
    await expect(mayFeed(pool, wish)).resolves.toBe(false)
    await expect(mayFeed(pool, { ...wish, demo: true })).rejects.toMatchObject({ code: 'INVALID' })
  })
})
