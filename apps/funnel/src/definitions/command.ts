import { Command } from 'commander'
import { applyCommand } from './apply.js'
import { checkCommand } from './check.js'
import { diffCommand } from './diff.js'

/** `funnel definitions`: from files to what is in force. */
export const definitionsCommand = (): Command =>
  new Command('definitions')
    .summary('check, compare and apply what both teams agreed on')
    .addCommand(checkCommand())
    .addCommand(diffCommand())
    .addCommand(applyCommand())
