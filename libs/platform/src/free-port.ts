import { createServer } from 'node:net'

/** Below the ports that systems give to outgoing connections, which would take one between the look and the use. */
const LOWEST = 20_000
const HIGHEST = 32_000
let next = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST))

/** A port of loopback that is free at the moment; not the same again for a long while. */
export async function freePort(): Promise<number> {
  for (let tries = LOWEST; tries < HIGHEST; tries++) {
    const port = next
    next = port + 1 < HIGHEST ? port + 1 : LOWEST
    if (await isFree(port)) return port
  }
  throw new Error(`no port of loopback from ${LOWEST} to ${HIGHEST} is free`)
}

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer().once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
