import { Command } from 'commander'
import { checkCommand } from './check.js'
import { clocksCommand } from './clocks.js'
import { previewCommand } from './preview.js'

/** `funnel sla`: what the teams promised each other. */
export const slaCommand = (): Command =>
  new Command('sla')
    .summary('look at what the teams promised each other')
    .addCommand(clocksCommand())
    .addCommand(checkCommand())
    .addCommand(previewCommand())
