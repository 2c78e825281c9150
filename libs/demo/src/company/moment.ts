import { derivedId, type Instant } from '@funnel/events'
import type { Act, DemoCommand, DemoEvent } from './act.js'
import { onPlatform } from './company.js'
import type { Company } from './state.js'

/** What is done at one moment: what the company tells and asks. */
export interface Moment {
  readonly company: Company
  /** In the company's time. */
  readonly at: Instant
  /** `happened`: when, in the company's time, where it is told late. */
  readonly tell: (type: string, data: DemoEvent['data'], happened?: Instant) => void
  readonly ask: (actor: string, command: DemoCommand) => void
}

/** Until an event has come from a browser or another system to the door; milliseconds. */
const DELAY = 1500

/** A moment that collects its acts. */
export function moment(company: Company, at: Instant, acts: Act[]): Moment {
  const next = () => ({ at: onPlatform(company, at), id: derivedId('demo', company.name, company.made.acts++) })
  return {
    company,
    at,
    tell(type, data, happened = at) {
      const { id, at: told } = next()
      // several at one moment happen one after the other
      const time = new Date(onPlatform(company, happened) - DELAY + 10 * acts.length).toISOString()
      acts.push({ kind: 'event', at: told, event: { id, type, time, data } })
    },
    ask(actor, command) {
      const { id, at: asked } = next()
      acts.push({ kind: 'command', at: asked, key: id, actor, command })
    },
  }
}
