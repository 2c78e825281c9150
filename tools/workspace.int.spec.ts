import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from '@jest/globals'

const root = fileURLToPath(new URL('..', import.meta.url))

/** Runs nx in this repository; how it ended and what it printed. */
const nx = (...args: readonly string[]) =>
  spawnSync(join(root, 'node_modules/.bin/nx'), args, {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, NX_DAEMON: 'false' },
  })

/** The projects whose tests a change of this file concerns, as nx sees it. */
function affectedBy(file: string): readonly string[] {
  const { stdout, stderr, status } = nx('show', 'projects', '--affected', `--files=${file}`, '--json')
  if (status !== 0) throw new Error(stderr)
  return (JSON.parse(stdout) as string[]).map((name) => name.replace('@funnel/', ''))
}

describe('nx affected', () => {
  it.each([
    ['apps/relay/src/relay.ts', ['relay', 'funnel', 'e2e', 'bench', 'tools']],
    ['libs/testing/src/index.ts', ['testing', 'event-log', 'event-store', 'projections', 'ingest', 'query', 'e2e']],
    ['definitions/kpis/leads.yaml', ['definitions', 'ledger', 'query', 'funnel', 'e2e']],
    ['infra/kafka/pom.xml', ['platform', 'event-log', 'e2e']],
    ['examples/demo/definitions/teams/sales.yaml', ['definitions', 'reactor', 'demo', 'funnel', 'e2e']],
    ['package.json', ['funnel']],
  ])('takes a change of %s for one of %j', (file, projects) => {
    expect(affectedBy(file)).toEqual(expect.arrayContaining(projects))
  })

  it('takes a page of the documentation for what is tested with it, not for the services', () => {
    const affected = affectedBy('README.md')
    expect(affected).toContain('e2e')
    expect(affected).not.toContain('ingest')
  })
})

describe('nx run-many', () => {
  it('passes where a project has no specs', () => {
    const { stdout, status } = nx(
      ...'run-many -t test unit int -p @funnel/notifier --exclude-task-dependencies --skip-nx-cache'.split(' '),
      '--output-style=static',
    )
    expect(stdout.match(/No tests found/g)).toHaveLength(3)
    expect(status).toBe(0)
  }, 120_000)
})
