import { main } from '@funnel/platform'
import { IngestConfig } from './config.js'
import { ingestService } from './service.js'

await main(IngestConfig, ingestService())
