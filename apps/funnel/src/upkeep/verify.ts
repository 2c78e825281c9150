import { print, printJson, say } from '../cli/print.js'
import type { Command } from 'commander'
import { workspaceCommand } from '../cli/command.js'
import { exits } from '../cli/exit.js'
import { style } from '../cli/style.js'
import { table } from '../cli/table.js'
import { formatCount, formatTime } from '../ask/format.js'
import type { Choice } from '../workspace/locate.js'
import { storeOf } from '../workspace/stores.js'
import { eventProgress } from './progress.js'

/** `funnel verify`: proves the live numbers on the workspace's own data. Exit code 3 when something differs. */
export const verifyCommand = (): Command =>
  workspaceCommand('verify', 'count again from the events and compare the read models with a rebuild', [
    'npx funnel verify',
    'npx funnel verify --json | jq .differences',
  ]).action(async (flags: Choice & { json?: boolean }) => {
    const { databaseUrl, readDatabaseUrl, name } = storeOf(flags)
    if (!flags.json) say(style('dim', name, process.stderr))
    const [{ createPool }, { postgresEventTail }, { verify }] = await Promise.all([
      import('@funnel/platform'),
      import('@funnel/event-log'),
      import('@funnel/projections'),
    ])
    const store = createPool(databaseUrl, 'funnel-verify', 2)
    const read = createPool(readDatabaseUrl, 'funnel-verify', 4)
    const progress = eventProgress('verify', flags.json === true)
    try {
      const found = await verify({
        store,
        read,
        tail: postgresEventTail(store),
        onProgress: (at) => progress.update(at),
      })
      progress.stop()
      const ok = found.differences.length === 0
      if (!ok) process.exitCode = exits.difference
      if (flags.json) return printJson({ ok, ...found })
      const rows = found.numbers.map(({ number, fromEvents, fromLedger }) => [
        number,
        formatCount(fromEvents),
        formatCount(fromLedger),
        fromEvents === fromLedger ? style('green', 'equal') : style('red', 'differs'),
      ])
      const columns = [
        { title: 'number' },
        { title: 'from events', right: true },
        { title: 'from ledger', right: true },
        { title: '' },
      ]
      print(table(columns, rows, (text) => style('dim', text)))
      for (const difference of found.differences) print(`${style('red', 'differs')} ${difference}`)
      process.stderr.write(
        ok
          ? `${style('green', 'verified', process.stderr)}: every number counted twice is equal, and the read models equal a rebuild, at ${formatTime(new Date(found.w))}\n`
          : `${found.differences.length} differences\n`,
      )
    } finally {
      progress.stop()
      await Promise.all([store.end(), read.end()])
    }
  })
