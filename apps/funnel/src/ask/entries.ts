import type { Entry } from '@funnel/query-api'
import { style } from '../cli/style.js'
import { table } from '../cli/table.js'
import { formatQuantity, formatTime } from './format.js'

/** Lines of the ledger with the event behind each. */
export function entryTable(entries: readonly Entry[]): string {
  return table(
    [
      { title: 'amount', right: true },
      { title: 'measure' },
      { title: 'subject' },
      { title: 'happened' },
      { title: 'recorded' },
      { title: 'event' },
    ],
    entries.map(({ amount, measure, stage, subjectKind, subject, occurredAt, recordedAt, event }) => [
      signed(formatQuantity(amount)),
      stage ? `${measure} ${stage}` : measure,
      `${subjectKind} ${subject}`,
      formatTime(occurredAt),
      formatTime(recordedAt),
      event ? `${event.type} ${event.id} (${event.source})` : '',
    ]),
    (text) => style('dim', text),
  )
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
