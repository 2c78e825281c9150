import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from '@jest/globals'
import { openLogFile } from './log-file.js'

it('a log keeps its last lines and never more than two files', () => {
  const dir = mkdtempSync(join(tmpdir(), 'funnel-log-'))
  try {
    const log = openLogFile(join(dir, 'x.log'), 100)
    for (let i = 0; i < 100; i++) log.write(`line ${i} ${'.'.repeat(10)}`)
    log.close()
    log.write('late')
    expect(readdirSync(dir).toSorted()).toEqual(['x.log', 'x.log.1'])
    const text = readFileSync(join(dir, 'x.log.1'), 'utf8') + readFileSync(join(dir, 'x.log'), 'utf8')
    expect(text.trimEnd().endsWith('line 99 ..........')).toBe(true)
    expect(text.length).toBeLessThan(300)
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
})
