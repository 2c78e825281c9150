import { main } from '@funnel/platform'
import { RelayConfig } from './config.js'
import { RelayModule } from './relay.module.js'

await main(RelayConfig, { name: 'relay', module: RelayModule })
