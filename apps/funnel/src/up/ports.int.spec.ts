import { createServer, type AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { folderOf } from '../workspace/folders.js'
import { assertFree, choosePorts } from './ports.js'

describe('a busy port', () => {
  const server = createServer()
  let port = 0
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    port = (server.address() as AddressInfo).port
  })
  afterAll(() => void server.close())

  it('is named with what it is for and the option that moves it', async () => {
    const ports = choosePorts(7070, { ingest: port })
    await expect(assertFree('127.0.0.1', ports, ['ingest'])).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining(`port ${port} (ingest, HTTP) is in use: --ingest-port N`),
    })
  })

  it('names the workspace that holds it', async () => {
    const ports = choosePorts(7070, { ingest: port })
    await expect(assertFree('127.0.0.1', ports, ['ingest'], () => folderOf('mine'))).rejects.toThrow(
      'npx funnel down --workspace mine',
    )
  })

  it('does not matter when it is not used', async () => {
    await expect(assertFree('127.0.0.1', choosePorts(7070, { kafka: port }), [])).resolves.toBeUndefined()
  })
})
