import { FunnelError } from '@funnel/events'

/** How the events of a body are told apart, and how the body is packed. */
export interface Format {
  readonly layout: 'batch' | 'lines'
  readonly gzip: boolean
}

const layouts: Readonly<Record<string, Format['layout']>> = {
  'application/json': 'batch',
  'application/cloudevents+json': 'batch',
  'application/cloudevents-batch+json': 'batch',
  'text/plain': 'batch', // what browsers send without asking first
  'application/x-ndjson': 'lines',
  'application/ndjson': 'lines',
  'application/jsonl': 'lines',
}

/** Reads the format off the headers. Throws INVALID (details.status 415) for one that is not taken. */
export function formatOf(contentType: string | undefined, contentEncoding: string | undefined): Format {
  const [media = '', ...parameters] = (contentType ?? '').toLowerCase().split(';')
  const layout = layouts[media.trim()]
  if (!layout)
    throw unsupported(
      'content-type',
      'send content-type: application/json, or application/x-ndjson for an event a line',
    )
  const charset = parameters.find((parameter) => parameter.trim().startsWith('charset='))
  if (charset && !/^\s*charset="?utf-?8"?\s*$/.test(charset))
    throw unsupported('content-type', 'send the text as UTF-8 and say charset=utf-8 or nothing')
  const encoding = (contentEncoding ?? 'identity').trim().toLowerCase()
  if (encoding !== 'identity' && encoding !== 'gzip')
    throw unsupported('content-encoding', 'send the body as it is or with content-encoding: gzip')
  return { layout, gzip: encoding === 'gzip' }
}

const unsupported = (field: string, message: string) => new FunnelError('INVALID', message, { field, status: 415 })
