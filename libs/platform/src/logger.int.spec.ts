import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { describe, expect, it } from '@jest/globals'

const logger = new URL('../dist/logger.js', import.meta.url).href
/** Logs while its parent listens, and on and on when nobody does; then it ends. */
const program = `
  import { createLogger } from ${JSON.stringify(logger)}
  const logger = createLogger('probe')
  logger.info('begins')
  process.stdin.on('end', () => {
    for (let i = 0; i < 1000; i++) logger.info('nobody hears this')
    process.exit(7)
  }).resume()`

describe('A service that logs', () => {
  it('ends all the same when whoever read its log is gone', async () => {
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
      stdio: 'pipe',
      timeout: 10_000,
      killSignal: 'SIGKILL',
    })
    const [line] = (await once(child.stdout, 'data')) as [Buffer]
    expect(JSON.parse(line.toString())).toMatchObject({ service: 'probe', msg: 'begins' })
    const ended = once(child, 'exit')
    child.stdout.destroy()
    await once(child.stdout, 'close')
    child.stdin.end()
    expect(await ended).toEqual([7, null])
  })
})
