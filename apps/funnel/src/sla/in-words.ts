import type { Instant } from '@funnel/events'
import { ClockState, type Event } from '@funnel/query-api'
import { formatTime } from '../ask/format.js'
import { style } from '../cli/style.js'
import type { CheckedClock } from './check.js'
import { formatSpan, standingOf } from './standing.js'

/** What an event of a clock may say, as far as it is told here. */
interface Said {
  readonly owner?: string
  readonly calendar?: string
  readonly calendarVersion?: number
  readonly zoneData?: string
  readonly holidayData?: string
  readonly start?: string
  readonly started: string
  readonly due?: string
  readonly target?: number
  readonly state?: string
  readonly left?: number
  readonly level?: number
  readonly by?: string
  readonly at?: string
  readonly used?: number
  readonly value?: number
  readonly how?: string
  readonly lateness?: number
  readonly corrects?: { readonly outcome: string; readonly event: string }
  readonly outcome?: string
  readonly because?: readonly string[]
  readonly historical?: true
}

/** A clock: by what it is judged and how it stands, then each thing that was said of it with the events behind it. */
export function inWords({ clock, events }: CheckedClock, now: Instant): string {
  const told = events.map((event) => [event, JSON.parse(event.dataJson) as Said] as const)
  const { calendar, calendarVersion, zoneData, holidayData } = told.at(-1)?.[1] ?? {}
  const whose = clock.owner === undefined ? clock.party : `${clock.party}, ${clock.owner}`
  const time = calendar === undefined ? 'all time counts' : `time of ${calendar}@${calendarVersion}`
  const standing = standingOf(clock, now)
  const data = [...(zoneData ? [`zones of ${zoneData}`] : []), ...(holidayData ? [`holidays of ${holidayData}`] : [])]
  return [
    `${style('bold', `${clock.policy}@${clock.policyVersion}`)} of ${whose}; ${time}: ${coloured(clock, standing)}`,
    ...(data.length ? [style('dim', `  counted by ${data.join(' and ')}`)] : []),
    ...told.flatMap(([event, said]) => linesOf(event, said)),
  ].join('\n')
}

const coloured = ({ state, missed }: CheckedClock['clock'], text: string): string => {
  if (missed) return style('red', text)
  return state === ClockState.CLOCK_STATE_MET ? style('green', text) : text
}

const INDENT = ' '.repeat(24)

function linesOf(event: Event, said: Said): string[] {
  const [when, what] = stepOf(event, said)
  const follows = [
    ...(event.type === 'sla.started' && said.start !== undefined ? [`started by ${said.start}`] : []),
    ...(said.by === undefined ? [] : [`ended by ${said.by}`]),
    ...(said.because ?? []).filter((id) => id !== said.by).map((id) => `because of ${id}`),
  ]
  const source = `${event.type} ${event.id}, known ${formatTime(event.recordedAt)}`
  return [
    `  ${formatTime(when)}  ${what}${said.historical ? ' (told late: it notified nobody)' : ''}`,
    ...[source, ...follows].map((line) => style('dim', INDENT + line)),
  ]
}

/** When it was so, and what it says. */
function stepOf({ type, occurredAt }: Event, said: Said): readonly [Date | undefined, string] {
  const due = said.due === undefined ? '' : `due ${formatTime(new Date(said.due))}`
  const at = said.at === undefined ? occurredAt : new Date(said.at)
  switch (type) {
    case 'sla.started':
      return [new Date(said.started), `runs: ${span(said.target)} in all, ${due}`]
    case 'sla.changed':
      return said.state === 'paused'
        ? [occurredAt, `paused, ${span(said.left)} left`]
        : [occurredAt, `goes on${ofOwner(said)}: ${span(said.left)} left${due && `, ${due}`}`]
    case 'sla.warned':
      return [at, `warned, level ${said.level}: ${due}`]
    case 'sla.escalated':
      return [at, `escalated, level ${said.level}`]
    case 'sla.breached':
      return [said.due === undefined ? occurredAt : new Date(said.due), `missed${ofOwner(said)}${valued(said)}`]
    case 'sla.corrected':
      return [at, `not ${said.corrects?.outcome} but ${said.outcome}${ending(said)}`]
  }
  const name = type === 'sla.met' ? 'kept' : said.how === 'stopped' ? 'done' : 'void'
  return [at, `${name}${ending(said)}${valued(said)}`]
}

const span = (seconds = 0): string => formatSpan(seconds * 1000)
const ofOwner = ({ owner }: Said): string => (owner === undefined ? '' : ` by ${owner}`)
const valued = ({ value }: Said): string => (value === undefined ? '' : `: it came to ${value}`)
const ending = ({ used, lateness }: Said): string =>
  `${used === undefined ? '' : ` after ${span(used)}`}${lateness ? `, ${span(lateness)} late` : ''}`
