import { Command } from 'commander'
import { mergeCommand } from './merge.js'
import { unmergeCommand } from './unmerge.js'

/** `funnel identity`: who is one person with whom. */
export const identityCommand = (): Command =>
  new Command('identity')
    .summary('merge two ids of a person, and take that back')
    .addCommand(mergeCommand())
    .addCommand(unmergeCommand())
