import type { Notification } from './notification.js'

/** A notification in words: ids and times in UTC, no personal data. */
export interface Message {
  readonly subject: string
  /** One line. */
  readonly text: string
}

/** What a person is told: what was promised, by whom, about what, when it was due, and how late it is. Pure. */
export function messageOf({ type, data }: Pick<Notification, 'type' | 'data'>): Message {
  const say = (name: string): string => String(data[name])
  const has = (name: string): boolean => data[name] !== undefined
  if (type === 'handoff.feedback-raised') {
    const source = ['channel', 'campaign'].filter(has).map((name) => `${name} ${say(name)}`)
    const subject = `Feedback: lead ${say('lead')} was rejected`
    return { subject, text: `${subject}: ${[say('reason'), ...source].join(', ')}` }
  }
  const what = has('lead') ? `lead ${say('lead')}` : `period from ${day(say('started'))}`
  const subject = `${heads[type](data)}: ${say('policy')}, ${what}`
  const who = ['team', 'owner'].filter(has).map((name) => `, ${name} ${say(name)}`)
  const due = has('due') ? [`due ${moment(say('due'))}`] : []
  const late = lateness(type, data)
  return {
    subject,
    text: [
      `${subject}; promised by ${say('party')}${who.join('')} (version ${say('policyVersion')})`,
      ...due,
      ...late,
    ].join('; '),
  }
}

const heads: Readonly<
  Record<Exclude<Notification['type'], 'handoff.feedback-raised'>, (data: Notification['data']) => string>
> = {
  'sla.warned': () => 'Due soon',
  'sla.breached': () => 'Broken',
  'sla.escalated': ({ level }) => `Still broken, level ${String(level)}`,
  'sla.corrected': ({ corrects, outcome }) =>
    `Corrected from ${(corrects as { outcome: string }).outcome} to ${String(outcome)}`,
}

/** Of an escalation by the clock on the wall; of a correction in time that counts. */
function lateness(type: Notification['type'], { at, due, lateness: seconds }: Notification['data']): string[] {
  if (typeof seconds === 'number' && seconds > 0) return [`${duration(seconds)} late in time that counts`]
  if (type !== 'sla.escalated') return []
  const late = (Date.parse(String(at)) - Date.parse(String(due))) / 1000
  return late > 0 ? [`${duration(late)} late`] : []
}

const day = (iso: string): string => iso.slice(0, 10)
const moment = (iso: string): string => `${day(iso)} ${iso.slice(11, 16)} UTC`

function duration(seconds: number): string {
  const minutes = Math.floor(seconds / 60)
  const parts = [
    [Math.floor(minutes / 1440), 'd'],
    [Math.floor(minutes / 60) % 24, 'h'],
    [minutes % 60, 'min'],
  ] as const
  const text = parts.flatMap(([n, unit]) => (n ? [`${n} ${unit}`] : [])).join(' ')
  return text || `${Math.round(seconds)} s`
}
