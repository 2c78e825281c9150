import type { Command } from 'commander'
import { workspaceCommand } from '../cli/command.js'
import { print, printJson, say } from '../cli/print.js'
import { style } from '../cli/style.js'
import type { Change } from './changes.js'
import { compare, type Flags } from './compare.js'
import { withFolders } from './folders.js'
import type { Step } from './steps.js'

/** `funnel definitions diff`: what `apply` would change, field by field, and what it would refuse. */
export const diffCommand = (): Command =>
  withFolders(
    workspaceCommand('diff', 'compare the files with what was applied last', [
      'npx funnel definitions diff',
      'npx funnel definitions diff our-definitions --json | jq .definitions',
    ]),
  ).action(async (folders: string[], flags: Flags) => {
    const { steps, removed } = await compare(folders, flags, Date.now())
    const different = steps.filter(({ state }) => state !== 'unchanged')
    const unchanged = steps.length - different.length
    if (flags.json)
      return printJson({
        definitions: [
          ...different.map(({ state, last, changes, refused, command: { definition, version, approved } }) => ({
            definition,
            state,
            version,
            last,
            approved,
            changes,
            refused,
          })),
          ...removed.map(({ definition, version }) => ({ definition, state: 'removed', last: version })),
        ],
        unchanged,
      })
    for (const step of different) printStep(step)
    for (const { definition, version } of removed)
      print(`${style('red', 'removed')}  ${definition}  version ${version} stays in force: no file has it any more`)
    say(`${different.length + removed.length} different, ${unchanged} unchanged`)
  })

const INDENT = ' '.repeat('changed  '.length)

function printStep({ state, last, changes, refused, command: { definition, version } }: Step): void {
  const versions = last === undefined || last === version ? `version ${version}` : `version ${last} → ${version}`
  print(`${state === 'new' ? style('green', 'new    ') : style('yellow', 'changed')}  ${definition}  ${versions}`)
  for (const change of changes) print(`${INDENT}${lineOf(change)}`)
  if (refused !== undefined) print(`${INDENT}${style('red', 'cannot be applied:')} ${refused}`)
}

function lineOf({ path, before, after }: Change): string {
  if (before === undefined) return `${path}: ${style('green', `+ ${JSON.stringify(after)}`)}`
  if (after === undefined) return `${path}: ${style('red', `- ${JSON.stringify(before)}`)}`
  return `${path}: ${JSON.stringify(before)} → ${JSON.stringify(after)}`
}
