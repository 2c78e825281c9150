import type { ServiceOptions } from '@funnel/platform'
import { serveGrpc } from '@funnel/platform/grpc'
import { definitionFolders, loadAllDefinitions } from '@funnel/definitions'
import { definitionsInForce } from '@funnel/event-store'
import { handlersBy, type Agreed, type Handlers } from './commands/handlers.js'
import type { IngestConfig } from './config.js'
import { openToPages } from './events/pages.js'
import { IngestModule } from './ingest.module.js'
import type { Store } from './store.js'

/** The ingest service: events over HTTP, commands over HTTP and gRPC, answered after commit. */
export const ingestService = (
  handlers: (config: IngestConfig, store: Store) => Handlers = ours,
): Omit<ServiceOptions<IngestConfig>, 'config'> => ({
  name: 'ingest',
  module: IngestModule.with(handlers),
  // producers carry a key of their own; they never see the admin token
  ownKeys: (path) => OWN_KEYS.has(path),
  async prepare(app, logger) {
    const http = app.getHttpAdapter().getInstance()
    http.removeAllContentTypeParsers()
    // the door reads the stream itself, once it knows whose it is
    http.addContentTypeParser('*', (_request, _payload, done) => done(null))
    openToPages(app)
    await serveGrpc(app, logger)
  },
})

/** The deciders, with the definitions in force; where none was applied, those of the folders that the configuration names. */
function ours({ funnelDefinitions }: IngestConfig, { definitions }: Store): Handlers {
  const { funnel, reasons } = loadAllDefinitions(definitionFolders(funnelDefinitions))
  return handlersBy(definitionsInForce<Agreed>({ funnel, reasons }, definitions))
}

const OWN_KEYS: ReadonlySet<string> = new Set(['/v1/events', '/v1/limits', '/v1/commands'])
