import type { Command } from 'commander'
import { command } from '../cli/command.js'
import { print, printJson } from '../cli/print.js'
import { parseTime } from '../cli/time.js'

interface Flags {
  readonly json?: boolean
  readonly at?: string
  readonly owner?: string
}

/** `funnel sla preview`: when clocks of a policy would be due. It reads files alone; nothing has to run. */
export const previewCommand = (): Command =>
  command('preview', 'show when clocks of a policy would be due, from moments that are easily reckoned wrong', [
    'npx funnel sla preview definitions/sla/lead-response.yaml',
    'npx funnel sla preview our-definitions/sla/demo-requests.yaml our-definitions --owner jan --at 2030-07-12T14:30Z',
  ])
    .argument('<policy>', 'the file of the policy')
    .argument(
      '[folder...]',
      'folders with its calendars and teams, after those of the platform (default: those of FUNNEL_DEFINITIONS)',
    )
    .option('--at <time>', 'when a clock starts (default: now, and at the next such moments)')
    .option('--owner <person>', 'who has the lead, where the calendar is that of its owner or of their team')
    .action(async (file: string, folders: string[], { at, owner, json }: Flags) => {
      const now = Date.now()
      const start = at === undefined ? undefined : parseTime(at, '--at', now).getTime()
      const { previewOf, asJson, asText } = await import('./deadlines.js')
      const preview = previewOf(file, folders, { owner, at: start, now })
      if (json) printJson(asJson(preview))
      else print(asText(preview))
    })
