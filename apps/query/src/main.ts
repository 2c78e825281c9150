import { main } from '@funnel/platform'
import { QueryConfig } from './config.js'
import { queryService } from './service.js'

await main(QueryConfig, queryService)
