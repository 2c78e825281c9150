import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, it } from '@jest/globals'
import { repository } from './workspace/folders.js'

it('npm start hands SIGTERM on: the shell that npm puts between died of it alone, and everything ran on', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'funnel-npm-'))
  try {
    const { scripts } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8')) as {
      scripts: { start: string }
    }
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'stand-in', scripts: { start: scripts.start } }))
    mkdirSync(join(folder, 'tools'))
    writeFileSync(
      join(folder, 'tools/start.mjs'),
      `process.on('SIGTERM', () => { console.log('told to stop'); process.exit(0) })
      setTimeout(() => process.exit(1), 10_000)
      console.log('up', process.argv[2])`,
    )
    const npm = spawn('npm', ['start', '--silent', '--', '--port-base=17000'], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const lines = createInterface({ input: npm.stdout })[Symbol.asyncIterator]()
    expect(await lines.next()).toMatchObject({ value: 'up --port-base=17000' })
    npm.kill('SIGTERM')
    expect(await lines.next()).toMatchObject({ value: 'told to stop' })
    if (npm.exitCode === null && npm.signalCode === null) await once(npm, 'exit')
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}, 30_000)
