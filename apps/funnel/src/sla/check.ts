import type { Command } from 'commander'
import { Clock, Event, type Basis, type FunnelClient } from '@funnel/query-api'
import { ask } from '../ask/door.js'
import { footer, show } from '../ask/footer.js'
import { workspaceCommand } from '../cli/command.js'
import { printJson } from '../cli/print.js'
import type { Choice } from '../workspace/locate.js'
import { inWords } from './in-words.js'
import { inTree } from './tree.js'

interface CheckFlags extends Choice {
  readonly json?: boolean
}

/** A clock and all that was said of it, in the order in which it was said. */
export interface CheckedClock {
  readonly clock: Clock
  readonly events: readonly Event[]
}

/** `funnel sla check LEAD`: every promise about a lead, and what became of it, event by event. */
export const checkCommand = (): Command =>
  workspaceCommand(
    'check',
    'explain every promise about a lead: what started, paused and ended it, and by which policy',
    ['npx funnel sla check lead-42', 'npx funnel sla check lead-42 --json'],
  )
    .argument('<lead>', 'the id of the lead')
    .action(async (lead: string, flags: CheckFlags) =>
      ask(flags, flags.json === true, async (client) => {
        const { clocks, basis } = await checked(client, lead)
        if (flags.json)
          return printJson({
            lead,
            clocks: clocks.map(({ clock, events }) => ({
              clock: Clock.toJSON(clock),
              events: events.map((event) => Event.toJSON(event)),
            })),
          })
        const now = Date.now()
        show(
          clocks.length
            ? inTree(clocks)
                .map(({ one, depth }) => indented(inWords(one, now), depth))
                .join('\n\n')
            : `no promise was made about the lead ${lead}: no policy is about it, or nobody knows it; npx funnel journey lead ${lead} shows what is known`,
          footer(basis),
        )
      }),
    )

const indented = (text: string, depth: number): string => text.replaceAll(/^/gm, '    '.repeat(depth))

/** All clocks of a lead, those that started first first. */
async function checked(
  client: FunnelClient,
  lead: string,
): Promise<{ clocks: CheckedClock[]; basis: Basis | undefined }> {
  const clocks: Clock[] = []
  let basis: Basis | undefined
  for (let pageToken = ''; ;) {
    const page = await client.listClocks({ leads: [lead], over: true, pageSize: 1000, pageToken })
    clocks.push(...page.clocks)
    basis = page.basis
    if (!(pageToken = page.nextPageToken)) break
  }
  const said = clocks.length ? await saidOf(client, lead) : []
  const byClock = Map.groupBy(said, ({ dataJson }) => (JSON.parse(dataJson) as { readonly clock?: string }).clock)
  return {
    basis,
    clocks: clocks
      .toSorted((a, b) => a.startedAt!.getTime() - b.startedAt!.getTime() || (a.clock < b.clock ? -1 : 1))
      .map((clock) => ({
        clock,
        events: (byClock.get(clock.clock) ?? []).toSorted((a, b) => a.version - b.version),
      })),
  }
}

const types = ['started', 'changed', 'warned', 'met', 'cancelled', 'breached', 'ended', 'escalated', 'corrected'].map(
  (name) => `sla.${name}`,
)

async function saidOf(client: FunnelClient, lead: string): Promise<Event[]> {
  const events: Event[] = []
  for (let pageToken = ''; ;) {
    const page = await client.listJourney({
      subject: { $case: 'lead', value: lead },
      types,
      pageSize: 1000,
      pageToken,
    })
    // whoever is behind the lead may have others, of which clocks have the same id
    events.push(...page.events.filter(({ stream }) => stream === `sla-${lead}`))
    if (!(pageToken = page.nextPageToken)) return events
  }
}
