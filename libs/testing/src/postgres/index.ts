import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { startEmbeddedPostgres, type EmbeddedPostgres } from '@funnel/platform'
import { runFolder, shared, testRun } from '../shared.js'

/** An empty database of one's own. */
export interface TestDatabase {
  readonly url: string
  drop(): Promise<void>
}

/** A PostgreSQL of one's own, to be broken. */
export interface TestPostgres extends EmbeddedPostgres {
  /** Kills it and deletes what it had. */
  remove(): Promise<void>
}

/**
 * A fresh database in the PostgreSQL that all suites of a test run share, started when the first one asks:
 * TEST_DATABASE_URL (a superuser's), else an embedded one that ends with the run.
 */
export async function testDatabase(): Promise<TestDatabase> {
  const server = process.env['TEST_DATABASE_URL'] ?? (await sharedServer())
  const name = `test_${randomBytes(6).toString('hex')}`
  await admin(server, `create database ${name}`)
  const url = new URL(server)
  url.pathname = `/${name}`
  return { url: url.href, drop: () => admin(server, `drop database if exists ${name} with (force)`) }
}

/** Starts a PostgreSQL of one's own; it ends with the test run at the latest. */
export async function startPostgres({
  port,
  settings,
}: { port?: number; settings?: readonly string[] } = {}): Promise<TestPostgres> {
  const dir = mkdtempSync(join(tmpdir(), 'funnel-postgres-'))
  const server = await startEmbeddedPostgres({
    dir,
    endWith: testRun(),
    removeAfter: true,
    ...(port === undefined ? {} : { port }),
    ...(settings === undefined ? {} : { settings }),
  })
  const remove = async () => {
    await server.kill()
    rmSync(dir, { recursive: true, force: true })
  }
  return Object.defineProperties({ remove } as TestPostgres, Object.getOwnPropertyDescriptors(server))
}

const sharedServer = (): Promise<string> => {
  const folder = runFolder('postgres')
  return shared(folder, async () => {
    const { url } = await startEmbeddedPostgres({ dir: folder, endWith: testRun(), removeAfter: true })
    return url
  })
}

async function admin(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}
