import { Command } from 'commander'
import { routingWhatIf } from './routing.js'
import { slaWhatIf } from './sla.js'

/** `funnel whatif`: the past under other rules. */
export const whatIfCommand = (): Command =>
  new Command('whatif')
    .summary('replay the past under rules that are not agreed yet')
    .addCommand(slaWhatIf())
    .addCommand(routingWhatIf())
