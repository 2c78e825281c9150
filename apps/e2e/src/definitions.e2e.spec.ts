import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from '@jest/globals'
import { fencesOf } from './fences.js'
import { funnel } from './platform.js'

const demo = fileURLToPath(new URL('../../../examples/demo/definitions', import.meta.url))

it('definitions/README.md: its examples, one of each kind, are right beside the definitions of the platform and of the demo', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'funnel-definitions-'))
  try {
    const examples = fencesOf('definitions/README.md').flatMap(({ file, text }) => (file ? [{ file, text }] : []))
    for (const { file, text } of examples) {
      mkdirSync(dirname(join(folder, file)), { recursive: true })
      writeFileSync(join(folder, file), text)
    }
    const { kinds } = JSON.parse(await funnel('definitions', 'check', demo, folder, '--json')) as {
      kinds: { kind: string; drafts: number }[]
    }
    // the examples are drafts, all others are approved
    expect(kinds.map(({ kind, drafts }) => [kind, drafts])).toEqual(kinds.map(({ kind }) => [kind, 1]))
    expect(examples).toHaveLength(kinds.length)
  } finally {
    rmSync(folder, { recursive: true })
  }
})
