import { main } from '@funnel/platform'
import { AutomationConfig } from './config.js'
import { AutomationModule } from './automation.module.js'

await main(AutomationConfig, { name: 'automation', module: AutomationModule })
