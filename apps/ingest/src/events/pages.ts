import type { NestFastifyApplication } from '@nestjs/platform-fastify'

const PATHS: ReadonlySet<string> = new Set(['/v1/events', '/v1/limits'])

/** On every answer, refusals too: a page reads its verdicts, and when to come back. */
const READABLE = { 'access-control-allow-origin': '*', 'access-control-expose-headers': 'retry-after' }

/** What a browser asks before it sends a write key: the headers that the door reads. It may keep the answer for a day. */
const ALLOWED = {
  'access-control-allow-methods': 'GET, POST',
  'access-control-allow-headers': 'authorization, content-type, content-encoding, x-funnel-import',
  'access-control-max-age': '86400',
}

/**
 * Lets web pages of any origin send events and ask for the limits, and nothing else (CORS). A write key is public and no
 * cookie is looked at, so that a page can do no more than anybody who reads its source.
 */
export function openToPages(app: NestFastifyApplication): void {
  app
    .getHttpAdapter()
    .getInstance()
    .addHook('onRequest', (request, reply, done) => {
      if (!PATHS.has(request.url.split('?', 1)[0]!)) return done()
      reply.headers(READABLE)
      if (request.method === 'OPTIONS') reply.code(204).headers(ALLOWED).send()
      else done()
    })
}
