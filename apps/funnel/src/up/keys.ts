import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type pg from 'pg'
import { createWriteKey, ownerOfKey, type KeyOwner } from '@funnel/event-store'
import type { Folder } from '../workspace/folders.js'

/** Who writes into a workspace from here: its user while developing, events and commands, and the demo. */
const owners = {
  dev: { source: 'dev', commands: false },
  demo: { source: 'demo', commands: false },
  command: { source: 'dev', commands: true },
  demoCommand: { source: 'demo', commands: true },
} as const satisfies Record<string, KeyOwner>
export type KeyName = keyof typeof owners
const names = Object.keys(owners) as readonly KeyName[]

/** The write keys of a workspace: made once, kept for the owner's eyes; made anew when the store does not know them. */
export async function openKeys(pool: pg.Pool, folder: Folder): Promise<Readonly<Record<KeyName, string>>> {
  const file = join(folder.path, 'keys.json')
  const kept = read(file)
  const keys = {} as Record<KeyName, string>
  for (const name of names) {
    const { source, commands } = owners[name]
    const key = kept[name]
    keys[name] =
      key !== undefined && (await ownerOfKey(pool, key)) !== undefined
        ? key
        : await createWriteKey(pool, source, commands)
  }
  if (names.some((name) => keys[name] !== kept[name])) writeFileSync(file, JSON.stringify(keys), { mode: 0o600 })
  return keys
}

function read(file: string): Partial<Record<KeyName, string>> {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Partial<Record<KeyName, string>>
  } catch {
    return {}
  }
}
