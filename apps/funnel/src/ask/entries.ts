import { Side, type Entry } from '@funnel/query-api'
import { style } from '../cli/style.js'
import { table } from '../cli/table.js'
import { formatQuantity, formatTime, NONE } from './format.js'

/** Lines of the ledger with the event behind each; of both sides of a ratio, with the side that each counts for. */
export function entryTable(entries: readonly Entry[], parted = false): string {
  return table(
    [
      { title: 'amount', right: true },
      ...(parted ? [{ title: 'side' }] : []),
      { title: 'measure' },
      { title: 'subject' },
      { title: 'happened' },
      { title: 'recorded' },
      { title: 'event' },
    ],
    entries.map(({ amount, side, measure, stage, subjectKind, subject, occurredAt, recordedAt, event }) => [
      signed(formatQuantity(amount)),
      ...(parted ? [sides[side] ?? NONE] : []),
      stage ? `${measure} ${stage}` : measure,
      `${subjectKind} ${subject}`,
      formatTime(occurredAt),
      formatTime(recordedAt),
      event ? `${event.type} ${event.id} (${event.source})` : '',
    ]),
    (text) => style('dim', text),
  )
}

const sides: Readonly<Partial<Record<Side, string>>> = {
  [Side.SIDE_NUMERATOR]: 'numerator',
  [Side.SIDE_DENOMINATOR]: 'denominator',
}

const signed = (amount: string): string => (/^\d/.test(amount) ? `+${amount}` : amount)

/**
 * Pages of an answer until `limit` entries are there; then says how many were not asked for.
 * `next` gets the token of the page before and how many entries to ask for.
 */
export async function pages<P extends { readonly entries: readonly Entry[]; readonly nextPageToken: string }>(
  limit: number,
  next: (pageToken: string, pageSize: number) => Promise<P>,
): Promise<{ first: P; entries: Entry[]; more: boolean }> {
  const first = await next('', Math.min(limit, 1000))
  const entries = [...first.entries]
  let token = first.nextPageToken
  while (token && entries.length < limit) {
    const page = await next(token, Math.min(limit - entries.length, 1000))
    entries.push(...page.entries)
    token = page.nextPageToken
  }
  return { first, entries, more: token !== '' }
}
