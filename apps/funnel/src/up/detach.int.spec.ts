import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { reportFailure } from '../cli/exit.js'
import { detach } from './detach.js'

const { argv } = process
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'funnel-detach-'))
})
afterEach(() => {
  process.argv = argv
  rmSync(folder, { recursive: true, force: true })
})
const dataDir = () => join(folder, 'data')

describe('a start in the background', () => {
  it.each([
    ['abc', 'abc is no port'],
    ['80000', '80000 is no port'],
  ])('from port %s on is refused before anything is made', async (portBase, why) => {
    await expect(detach({ dataDir: dataDir(), portBase })).rejects.toMatchObject({
      code: 'INVALID',
      message: expect.stringContaining(why),
    })
    expect(existsSync(dataDir())).toBe(false)
  })

  it.each([1, 2, 4])('that fails with %i lets this command end with it, and shows why', async (code) => {
    const script = join(folder, 'start.mjs')
    writeFileSync(script, `console.error('what is wrong'); process.exit(${code})`)
    process.argv = [process.execPath, script]
    const error: unknown = await detach({ dataDir: dataDir() }).catch((failure: unknown) => failure)
    let told = ''
    const stderr = { write: (text: string) => (told += text) } as unknown as NodeJS.WriteStream
    expect(reportFailure(error, true, stderr)).toBe(code)
    expect(told).toContain('what is wrong')
  })
})
