import { catalogue } from '@funnel/events'
import { formatCount } from '../ask/format.js'
import { lettersOf, pad, widthOf } from '../cli/table.js'
import type { ServiceStatus } from '../workspace/state.js'
import type { Snapshot } from './gauge.js'

/** Paints text; the identity where there are no colours. */
export type Paint = (format: 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan', text: string) => string

const LAG_MANY = 1000
const AGE_LONG = 5000
/** The widest name of a type. */
const TYPE = Math.max(...catalogue.map(({ name }) => name.length))

/** The panel as lines no longer than `columns`; the last one is a hint on how to leave. */
export function render(snapshot: Snapshot, columns: number, paint: Paint, hint = ''): string[] {
  const width = Math.max(40, Math.min(columns, 110)) - 2
  const rule = paint('dim', '─'.repeat(width))
  return [
    rule,
    spreadOut(
      `${paint('bold', `Funnel · ${snapshot.workspace}`)} ${paint('dim', `up ${duration(snapshot.upFor)}`)}`,
      gauges(snapshot, paint),
      width,
    ),
    '',
    ...kpiLines(snapshot, width, paint),
    '',
    ...eventLines(snapshot, width, paint),
    '',
    serviceLine(snapshot.services, paint),
    ...troubles(snapshot.services, paint),
    rule,
    paint('dim', hint),
  ].map((line) => ` ${cut(line, width)}`)
}

function gauges({ perSecond, events, lag, watermarkAge, parked }: Snapshot, paint: Paint): string {
  const parts = [
    perSecond === undefined ? paint('red', 'store not reached') : `${paint('bold', perSecond.toFixed(1))} events/s`,
    events === undefined ? '' : `${formatCount(events)} events`,
    lag === undefined
      ? paint('yellow', 'lag —')
      : paint(lag > LAG_MANY ? 'yellow' : 'green', `lag ${formatCount(lag)}`),
    watermarkAge === undefined
      ? ''
      : paint(watermarkAge > AGE_LONG ? 'yellow' : 'green', `watermark ${age(watermarkAge)} behind`),
    parked ? paint('red', `${parked} parked`) : '',
  ]
  return parts.filter(Boolean).join(paint('dim', ' · '))
}

const age = (milliseconds: number): string =>
  milliseconds < 10_000 ? `${(milliseconds / 1000).toFixed(1)} s` : duration(milliseconds)

/** 42 s, 3 m 07 s, 2 h 05 m, 3 d 04 h. */
export function duration(milliseconds: number): string {
  const seconds = Math.floor(milliseconds / 1000)
  const two = (n: number) => String(n).padStart(2, '0')
  if (seconds < 60) return `${seconds} s`
  if (seconds < 3600) return `${Math.floor(seconds / 60)} m ${two(seconds % 60)} s`
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ${two(Math.floor(seconds / 60) % 60)} m`
  return `${Math.floor(seconds / 86_400)} d ${two(Math.floor(seconds / 3600) % 24)} h`
}

function kpiLines({ kpis }: Snapshot, width: number, paint: Paint): string[] {
  const share = Math.floor(width / kpis.length)
  const fits = kpis.every(({ title, value }) => widthOf(title) < share && widthOf(value) < share)
  if (!fits) return kpis.map(({ title, value }) => `${paint('dim', pad(title, 16))}${paint('bold', value)}`)
  return [
    kpis.map(({ title }) => paint('dim', pad(title, share))).join(''),
    kpis.map(({ value }) => paint('bold', pad(value, share))).join(''),
  ]
}

/** Always as many lines, so that the panel does not jump. */
function eventLines({ last }: Snapshot, width: number, paint: Paint): string[] {
  const lines = last.map(({ recorded, type, subject, note }) =>
    cut(
      `${paint('dim', new Date(recorded).toISOString().slice(11, 19))}  ${paint('cyan', pad(type, TYPE))}  ${pad(subject, 16)}  ${paint('dim', note)}`,
      width,
    ),
  )
  if (!lines.length) lines.push(paint('dim', 'no event yet'))
  while (lines.length < 6) lines.push('')
  return lines
}

const dots: Readonly<Record<ServiceStatus['state'], Parameters<Paint>[0]>> = {
  ready: 'green',
  starting: 'yellow',
  unready: 'yellow',
  restarting: 'yellow',
  failed: 'red',
  stopped: 'dim',
}

const serviceLine = (services: readonly ServiceStatus[], paint: Paint): string =>
  services
    .map(({ name, state, restarts }) => {
      const more = [state === 'ready' ? '' : state, restarts ? `restarts ${restarts}` : ''].filter(Boolean).join(', ')
      return `${paint(dots[state], '●')} ${name}${more ? paint('dim', ` (${more})`) : ''}`
    })
    .join('   ')

const troubles = (services: readonly ServiceStatus[], paint: Paint): string[] =>
  services
    .filter(({ state, why }) => state !== 'ready' && why !== undefined)
    .map(({ name, state, why }) => paint(state === 'failed' ? 'red' : 'yellow', `${name}: ${why ?? ''}`))

function spreadOut(left: string, right: string, width: number): string {
  return `${left}${' '.repeat(Math.max(2, width - widthOf(left) - widthOf(right)))}${right}`
}

/** Each colour code, and the end of the text. */
const ESCAPE_OR_END = new RegExp(`${String.fromCharCode(27)}[[][0-9;]*m|$`, 'g')

/** The text cut to a width; colours begun are ended. */
export function cut(text: string, width: number): string {
  if (widthOf(text) <= width) return text
  let left = width - 1
  let out = ''
  let at = 0
  for (const match of text.matchAll(ESCAPE_OR_END)) {
    const plain = lettersOf(text.slice(at, match.index))
    if (plain.length > left) return `${out}${plain.slice(0, left).join('')}…\u001B[0m`
    left -= plain.length
    out += plain.join('') + match[0]
    at = match.index + match[0].length
  }
  return out
}
