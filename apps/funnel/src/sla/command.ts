import { Command } from 'commander'
import { previewCommand } from './preview.js'

/** `funnel sla`: what the teams promised each other. */
export const slaCommand = (): Command =>
  new Command('sla').summary('look at what the teams promised each other').addCommand(previewCommand())
