import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals'
import { folderOf, openFolder } from '../workspace/folders.js'
import { downCommand } from './down.js'

const before = { ...process.env }
let base: string
beforeEach(() => {
  delete process.env['FUNNEL_WORKSPACE']
  base = mkdtempSync(join(tmpdir(), 'funnel-down-'))
})
afterEach(() => {
  process.env = { ...before }
  rmSync(base, { recursive: true, force: true })
})

/** What the command says. */
async function down(...args: string[]): Promise<string> {
  let told = ''
  const write = jest.spyOn(process.stderr, 'write').mockImplementation((text) => Boolean((told += String(text))))
  try {
    await downCommand()
      .exitOverride()
      .parseAsync(['--data-dir', base, ...args], { from: 'user' })
    return told
  } finally {
    write.mockRestore()
  }
}

describe('funnel down', () => {
  it('refuses a workspace that does not exist, and names those that do', async () => {
    await expect(down('--workspace', 'nope')).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: expect.stringContaining(`there is no workspace nope in ${base}: there is none at all`),
    })
    for (const name of ['mine', 'demo']) openFolder(folderOf(name, base))
    process.env['FUNNEL_WORKSPACE'] = 'nope'
    await expect(down()).rejects.toThrow(`there is no workspace nope in ${base}: name one of demo, mine`)
  })

  it('is content where nothing runs, and says where it looked', async () => {
    openFolder(folderOf('mine', base))
    expect(await down()).toBe(`nothing was running in ${base}\n`)
    expect(await down('--workspace', 'mine')).toBe(`nothing was running in ${join(base, 'mine')}\n`)
  })
})
