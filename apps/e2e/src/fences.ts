import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('../../..', import.meta.url))

/** A fenced block of a page. */
export interface Fence {
  readonly language: string
  /** What stands behind `file=`, where it does. */
  readonly file: string | undefined
  readonly text: string
}

/** The fenced blocks of a page, also of indented ones, without their indentation. */
export function fencesOf(page: string): readonly Fence[] {
  const text = readFileSync(join(root, page), 'utf8')
  return [...text.matchAll(/^( *)```(\w*)(?: file=(\S+))?\n([\s\S]*?)^\1```$/gm)].map(
    ([, indent, language, file, body]) => ({
      language: language!,
      file,
      text: body!
        .split('\n')
        .map((line) => (line.startsWith(indent!) ? line.slice(indent!.length) : line))
        .join('\n'),
    }),
  )
}

/** The text of the block that a page gives for a file. Throws where it gives none. */
export function fileIn(page: string, file: string): string {
  const fence = fencesOf(page).find((block) => block.file === file)
  if (!fence) throw new Error(`${page} has no block for ${file}`)
  return fence.text
}

/** The commands in the `sh` blocks of a page, continued lines joined, comments left out. */
export const commandsIn = (page: string): readonly string[] =>
  fencesOf(page)
    .filter(({ language }) => language === 'sh')
    .flatMap(({ text }) => text.replaceAll(/\\\n\s*/g, ' ').split('\n'))
    .map((line) => line.replace(/\s+#.*$/, '').trim())
    .filter((line) => line && !line.startsWith('#'))
