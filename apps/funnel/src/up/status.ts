import { print, printJson, say } from '../cli/print.js'
import type { Command } from 'commander'
import { workspaceCommand } from '../cli/command.js'
import { exits } from '../cli/exit.js'
import { style } from '../cli/style.js'
import { table } from '../cli/table.js'
import { mustRun, type Choice } from '../workspace/locate.js'
import { summaryOf } from './summary.js'
import { askHealth } from '../supervisor/health.js'
import type { ServiceStatus } from '../workspace/state.js'

/** `funnel status`: what runs, and how well. Exit code 1 when a part of it is not ready. */
export const statusCommand = (): Command =>
  workspaceCommand('status', 'show what runs and how well', [
    'npx funnel status',
    'npx funnel status --json | jq .services',
  ]).action(async (flags: Choice & { json?: boolean }) => {
    const { state, folder } = mustRun(flags)
    const services = await Promise.all(state.services.map(current))
    const ok = state.ready && services.every(({ state }) => state === 'ready')
    if (!ok) process.exitCode = exits.failure
    if (flags.json) {
      printJson({ ...summaryOf(state, folder), ok, services })
      return
    }
    const { workspace, startedAt, supervisor, simulatedUntil } = state
    say(
      [
        `workspace ${style('bold', workspace, process.stderr)}`,
        `up since ${startedAt}`,
        `process ${supervisor.pid}`,
        ...(simulatedUntil === undefined ? [] : [`simulated until ${simulatedUntil}`]),
      ].join(' · '),
    )
    const rows = services.map(({ name, state, url, pid, restarts, why }) => [
      name,
      state === 'ready' ? style('green', state) : style('red', state),
      url ?? '',
      String(pid ?? '—'),
      String(restarts),
      why ?? '',
    ])
    const columns = [
      { title: 'part' },
      { title: 'state' },
      { title: 'address' },
      { title: 'pid', right: true },
      { title: 'restarts', right: true },
      { title: '' },
    ]
    print(table(columns, rows, (text) => style('dim', text)))
  })

/** A service's own word, where it has one; the supervisor's may be a second old. */
async function current(status: ServiceStatus): Promise<ServiceStatus> {
  if (status.state !== 'ready' || !status.health) return status
  const health = await askHealth(status.health)
  return health.ok ? status : { ...status, state: 'unready', why: health.why }
}
