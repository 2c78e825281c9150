import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach } from '@jest/globals'
import { FunnelError } from '@funnel/events'
import { loadDefinitions } from '../load.js'

/** The files of a folder, by name. */
export type Files = Readonly<Record<string, string>>

/** An empty folder for each test of a suite. */
export function definitionsFolder() {
  let folder = ''
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'definitions-'))
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  /** Writes files into it; gives its path. */
  const write = (files: Files): string => {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true })
      writeFileSync(join(folder, name), text)
    }
    return folder
  }
  /** The mistakes in these files and those before them, without the folder's name. */
  const mistakesOf = (files: Files): string[] => {
    try {
      loadDefinitions([write(files)])
    } catch (error) {
      if (!(error instanceof FunnelError) || error.code !== 'INVALID') throw error
      return (error.details['mistakes'] as string[]).map((mistake) => mistake.replaceAll(`${folder}/`, ''))
    }
    return []
  }
  return { at: (...names: readonly string[]) => join(folder, ...names), write, mistakesOf }
}

/** What every definition begins with: five lines. */
export const head = (id: string) =>
  `id: ${id}\nversion: 1\nname: A name\ndescription: What it is.\nowners: { marketing: Ann, sales: Bob }\n`

/** A funnel with the stages mql and sql, of eleven lines. */
export const funnel = (rest = '', id = 'funnel') =>
  `${head(id)}stages:\n  - { id: mql, name: MQL, type: open, owner: marketing }\n  - { id: sql, name: SQL, type: open, owner: sales }\n` +
  `conversions:\n  - { from: captured, to: mql }\n  - { from: mql, to: sql }\n${rest}`
