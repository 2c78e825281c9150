import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { childrenOf, othersMayPass, statOf } from './host.js'

describe('a process', () => {
  it('is known by its state and its parent, and the parent by it', async () => {
    const child = spawn('sleep', ['60'], { argv0: 'a ) name (' })
    await once(child, 'spawn')
    expect(statOf(child.pid!)?.[1]).toBe(String(process.pid))
    expect(childrenOf(process.pid)).toContain(child.pid)
    child.kill()
    await once(child, 'exit')
    expect(childrenOf(process.pid)).not.toContain(child.pid)
    expect(statOf(child.pid!)).toBeUndefined()
  })
})

describe('a folder', () => {
  it('may be passed to when all that lead to it may, also through a link and before it exists', () => {
    const folder = mkdtempSync(join(tmpdir(), 'funnel-host-'))
    mkdirSync(join(folder, 'inner'))
    try {
      expect(othersMayPass(join(folder, 'inner'))).toBe(false)
      chmodSync(folder, 0o711)
      expect(othersMayPass(join(folder, 'inner', 'not', 'there'))).toBe(true)
      mkdirSync(join(folder, 'own'), { mode: 0o700 })
      symlinkSync(join(folder, 'own'), join(folder, 'link'))
      expect(othersMayPass(join(folder, 'link', 'x'))).toBe(false)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})
