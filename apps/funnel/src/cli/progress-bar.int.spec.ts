import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { repository } from '../workspace/folders.js'

const SHOWN = '\u001b[?25h'
const HIDDEN = '\u001b[?25l'
const main = join(repository, 'apps/funnel/dist/main.js')
const bar = join(repository, 'apps/funnel/dist/cli/progress-bar.js')

const terminal = 'Object.assign(process.stderr, { isTTY: true, columns: 80 })'

/** Runs Node as a process whose stderr says that it is a terminal. */
function onTerminal(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const child = spawn(process.execPath, ['--import', `data:text/javascript,${terminal}`, ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()))
  const ended = once(child, 'close') as Promise<[code: number | null, signal: NodeJS.Signals | null]>
  return { child, ended, said: () => said }
}
const running = (module: string) => onTerminal(['--input-type=module', '-e', module])

describe('A bar on a terminal', () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'funnel-bar-'))
    await writeFile(
      join(folder, 'map.yaml'),
      `mapping: 1\nsource: crm\ninputs: [{ file: a.csv, key: '{{ id }}', events: [{ type: deal.lost, time: '{{ at }}', data: { deal: '{{ id }}' } }] }]\n`,
    )
    await writeFile(join(folder, 'a.csv'), 'id,at\n1,2026-01-01\n')
  })
  afterAll(() => rm(folder, { recursive: true }))

  it('does not keep an import alive that is refused before its first row', async () => {
    const { ended, said } = onTerminal(
      [main, 'import', join(folder, 'a.csv'), '-m', join(folder, 'map.yaml'), '--data-dir', folder],
      { DATABASE_URL: '', FUNNEL_URL: '', FUNNEL_WORKSPACE: '' },
    )
    expect(await ended).toEqual([4, null])
    expect(said()).toContain('no workspace is running')
    expect(said()).not.toContain(HIDDEN)
  })

  it('shows the cursor again when a signal ends the process, which it still does', async () => {
    const { child, ended, said } = running(
      `const { progressBar } = await import(${JSON.stringify(bar)})
       progressBar('{bar} {value} of {total}', process.stderr).update(1, 2)`,
    )
    await once(child.stderr, 'data')
    child.kill('SIGINT')
    expect(await ended).toEqual([null, 'SIGINT'])
    expect(said().lastIndexOf(SHOWN)).toBeGreaterThan(said().indexOf(HIDDEN))
  })

  it('leaves a signal to whoever listens to it', async () => {
    const { child, ended, said } = running(
      `const { progressBar } = await import(${JSON.stringify(bar)})
       const { promise, resolve } = Promise.withResolvers()
       process.once('SIGINT', resolve)
       const bar = progressBar('{bar} {value} of {total}', process.stderr)
       bar.update(1, 2)
       await promise
       bar.stop()
       process.exitCode = 3`,
    )
    await once(child.stderr, 'data')
    child.kill('SIGINT')
    expect(await ended).toEqual([3, null])
    expect(said().lastIndexOf(SHOWN)).toBeGreaterThan(said().indexOf(HIDDEN))
  })
})
