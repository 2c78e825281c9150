import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { startEmbeddedPostgres, type EmbeddedPostgres } from '@funnel/platform'
import { runFolder, shared, testRun } from '../shared.js'

/** A database of one's own. */
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
 * The superuser's URL of the PostgreSQL that all suites of a test run share, started when the first one asks:
 * TEST_DATABASE_URL, else an embedded one that ends with the run.
 */
export const testServer = async (): Promise<string> => process.env['TEST_DATABASE_URL'] ?? sharedServer()

/**
 * A fresh database in the server of the test run: a copy of the database `template`, to which nobody may be connected,
 * where one is named; else an empty one.
 */
export async function testDatabase({ template }: { template?: string } = {}): Promise<TestDatabase> {
  const server = await testServer()
  const name = `test_${randomBytes(6).toString('hex')}`
  await admin(server, `create database ${name}${template ? ` template ${template} strategy file_copy` : ''}`)
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
