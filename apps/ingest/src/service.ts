import type { ServiceOptions } from '@funnel/platform'
import type { IngestConfig } from './config.js'
import { IngestModule } from './ingest.module.js'

/** The ingest service: events over HTTP, answered after commit. */
export const ingestService: Omit<ServiceOptions<IngestConfig>, 'config'> = {
  name: 'ingest',
  module: IngestModule,
  // producers carry a write key; they never see the admin token
  ownKeys: (path) => path === '/v1/events' || path === '/v1/limits',
  prepare(app) {
    const http = app.getHttpAdapter().getInstance()
    http.removeAllContentTypeParsers()
    // the door reads the stream itself, once it knows whose it is
    http.addContentTypeParser('*', (_request, _payload, done) => done(null))
  },
}
