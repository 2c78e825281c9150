import { main } from '@funnel/platform'
import { NotifierConfig } from './config.js'
import { NotifierModule } from './notifier.module.js'

await main(NotifierConfig, { name: 'notifier', module: NotifierModule })
