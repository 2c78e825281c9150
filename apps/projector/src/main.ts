import { main } from '@funnel/platform'
import { ProjectorConfig } from './config.js'
import { ProjectorModule } from './projector.module.js'

await main(ProjectorConfig, { name: 'projector', module: ProjectorModule })
