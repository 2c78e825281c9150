import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from '@jest/globals'

const root = fileURLToPath(new URL('..', import.meta.url))

/** The projects whose tests a change of this file concerns, as nx sees it. */
function affectedBy(file: string): readonly string[] {
  const { stdout, stderr, status } = spawnSync(
    join(root, 'node_modules/.bin/nx'),
    ['show', 'projects', '--affected', `--files=${file}`, '--json'],
    { cwd: root, encoding: 'utf8', env: { ...process.env, NX_DAEMON: 'false' } },
  )
  if (status !== 0) throw new Error(stderr)
  return (JSON.parse(stdout) as string[]).map((name) => name.replace('@funnel/', ''))
}

describe('nx affected', () => {
  it.each([
    ['apps/relay/src/relay.ts', ['relay', 'funnel', 'e2e', 'bench', 'tools']],
    ['libs/testing/src/index.ts', ['testing', 'event-log', 'event-store', 'projections', 'ingest', 'query', 'e2e']],
    ['definitions/kpis/leads.yaml', ['definitions', 'ledger', 'query', 'funnel', 'e2e']],
    ['infra/kafka/pom.xml', ['platform', 'event-log', 'e2e']],
  ])('takes a change of %s for one of %j', (file, projects) => {
    expect(affectedBy(file)).toEqual(expect.arrayContaining(projects))
  })

  it('takes a page of the documentation for what is tested with it, not for the services', () => {
    const affected = affectedBy('README.md')
    expect(affected).toContain('e2e')
    expect(affected).not.toContain('ingest')
  })
})
