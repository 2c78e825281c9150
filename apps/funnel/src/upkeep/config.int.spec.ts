import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { loadConfig } from '@funnel/platform'
import { repository } from '../workspace/folders.js'
import { findMistakes } from './config.js'
import { Settings } from './settings.js'

describe('config check', () => {
  it('finds nothing wrong with an empty environment', async () => {
    await expect(findMistakes({})).resolves.toEqual([])
  })

  it('lists every mistake at once, and never a value', async () => {
    const mistakes = await findMistakes({
      DATABASE_URL: 'mysql://user:hunter2@db',
      KAFKA_BROKERS: 'nowhere',
      LOG_LEVEL: 'loud',
      FUNNEL_DEFINITIONS: '/no/such/folder',
      FUNNEL_DESTINATIONS: 'examples/destinations.yaml',
      SALES_HOOK_SECRET: 'hunter2',
      SMTP_PASSWORD: 'hunter2',
    })
    expect(mistakes.map((line) => line.split(':')[0])).toEqual([
      'DATABASE_URL',
      'KAFKA_BROKERS',
      'LOG_LEVEL',
      '/no/such/folder',
      'examples/destinations.yaml',
      'examples/destinations.yaml',
    ])
    expect(mistakes.join()).not.toContain('hunter2')
  })

  it('wants a token before anything listens beyond this machine', async () => {
    await expect(findMistakes({ FUNNEL_HOST: '0.0.0.0' })).resolves.toEqual([expect.stringContaining('FUNNEL_TOKEN')])
    await expect(findMistakes({ FUNNEL_HOST: '0.0.0.0', FUNNEL_TOKEN: 'sixteen-or-more-x' })).resolves.toEqual([])
  })
})

describe('.env.example', () => {
  const lines = readFileSync(join(repository, '.env.example'), 'utf8').split('\n')
  const variables = lines.flatMap(
    (line) => (/^#?([A-Z_]+)=(.*)$/.exec(line)?.slice(1, 3) as [string, string] | undefined) ?? [],
  )
  const pairs = Array.from(
    { length: variables.length / 2 },
    (_, i) => [variables[2 * i]!, variables[2 * i + 1]!] as const,
  )

  it('names every setting there is', () => {
    const fields = Object.keys(
      loadConfig(Settings, {
        DATABASE_URL: 'postgresql://x',
        READ_DATABASE_URL: 'postgresql://x',
        KAFKA_BROKERS: 'a:1',
        FUNNEL_TOKEN: 'sixteen-or-more-x',
        FUNNEL_DEFINITIONS: 'definitions',
      }),
    )
    const named = fields.map((field) => field.replace(/([A-Z])/g, '_$1').toUpperCase())
    expect(pairs.map(([name]) => name)).toEqual(expect.arrayContaining(named))
  })

  it('holds values that pass the check', async () => {
    await expect(findMistakes(Object.fromEntries(pairs))).resolves.toEqual([])
  })
})
