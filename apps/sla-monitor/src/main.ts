import { main } from '@funnel/platform'
import { SlaMonitorConfig } from './config.js'
import { SlaMonitorModule } from './sla-monitor.module.js'

await main(SlaMonitorConfig, { name: 'sla-monitor', module: SlaMonitorModule })
