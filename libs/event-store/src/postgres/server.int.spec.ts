import { createServer, type AddressInfo, type Server } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import pg from 'pg'
import { testDatabase } from '@funnel/testing'
import { migrateStore } from '../migrations/index.js'
import { openEventStore } from './postgres-event-store.js'

/** One message of PostgreSQL's protocol. */
const message = (type: string, ...parts: readonly Buffer[]): Buffer => {
  const body = Buffer.concat(parts)
  const head = Buffer.alloc(5)
  head.write(type)
  head.writeInt32BE(body.length + 4, 1)
  return Buffer.concat([head, body])
}
const ready = message('Z', Buffer.from('I'))

/** A server that lets everybody in and answers every query with one text. */
function oldServer(name: string, answer: string): Server {
  const description = Buffer.alloc(18)
  description.writeInt32BE(25, 6) // the type: text
  const length = Buffer.alloc(4)
  length.writeInt32BE(answer.length)
  const one = Buffer.from([0, 1])
  return createServer((socket) => {
    let greeted = false
    socket.on('error', () => undefined)
    socket.on('data', (chunk: Buffer) => {
      if (!greeted) socket.write(Buffer.concat([message('R', Buffer.alloc(4)), ready]))
      else if (chunk.toString('latin1', 0, 1) === 'Q')
        socket.write(
          Buffer.concat([
            message('T', one, Buffer.from(`${name}\0`), description),
            message('D', one, length, Buffer.from(answer)),
            message('C', Buffer.from('SHOW\0')),
            ready,
          ]),
        )
      else socket.end()
      greeted = true
    })
  })
}

describe('a PostgreSQL that is too old', () => {
  const server = oldServer('server_version_num', '160004')
  let url = ''
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    url = `postgresql://funnel@127.0.0.1:${(server.address() as AddressInfo).port}/funnel`
  })
  afterAll(() => void server.close())

  it.each([
    ['migrating', () => migrateStore(url)],
    ['opening the store', () => openEventStore({ url })],
  ])('is told by %s, with the version that is needed', async (_, attempt) => {
    await expect(attempt()).rejects.toMatchObject({
      code: 'INVALID',
      message: expect.stringContaining('the database server is PostgreSQL 16.4, and Funnel needs 17 or later'),
    })
  })
})

describe('a database that cannot hold every letter', () => {
  it('is refused before there is anything in it: one such letter would refuse whole requests for good', async () => {
    const database = await testDatabase()
    const { url } = database
    const admin = new pg.Client({ connectionString: url })
    await admin.connect()
    try {
      const name = `${new URL(url).pathname.slice(1)}_latin`
      await admin.query(`create database ${name} encoding 'LATIN1' locale 'C' template template0`)
      const latin = Object.assign(new URL(url), { pathname: name }).href
      await expect(migrateStore(latin)).rejects.toMatchObject({
        code: 'INVALID',
        message: expect.stringContaining('the database has the encoding LATIN1'),
      })
      await admin.query(`drop database ${name}`)
    } finally {
      await admin.end()
      await database.drop()
    }
  })
})

describe('a PostgreSQL that cannot be reached', () => {
  it('is told as such', async () => {
    await expect(openEventStore({ url: 'postgresql://funnel@127.0.0.1:1/funnel' })).rejects.toMatchObject({
      code: 'UNAVAILABLE',
    })
  })
})
