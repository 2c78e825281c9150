import { readFileSync } from 'node:fs'
import { isMap, isScalar, isSeq, LineCounter, parseDocument, type Document } from 'yaml'

export type Path = readonly (string | number)[]

/** A definition and where it stands, for messages. */
export interface Placed<T> {
  readonly value: T
  /** `file:line` of a path inside it: of the key, else of what is nearest to it. */
  readonly at: (path?: Path) => string
}

/** What a YAML file says, not checked; or its mistakes as `file:line: message`. */
export function readPlaced(file: string): Placed<unknown> | { readonly mistakes: readonly string[] } {
  const lines = new LineCounter()
  const at = (offset: number) => `${file}:${Math.max(1, lines.linePos(offset).line)}`
  try {
    const document = parseDocument(readFileSync(file, 'utf8'), { lineCounter: lines })
    if (document.errors.length)
      return { mistakes: document.errors.map(({ pos, message }) => `${at(pos[0])}: ${message.split('\n')[0]}`) }
    // plain JSON, whatever YAML has beyond it; throws where a part is inside itself
    const value: unknown = JSON.parse(JSON.stringify(document.toJS()))
    return { value, at: (path = []) => at(offsetOf(document, path)) }
  } catch (error) {
    const [reason] = (error instanceof Error ? error.message : String(error)).split('\n')
    return { mistakes: [`${file}:1: cannot be read: ${reason}`] }
  }
}

/** Where the deepest part of the path that exists begins. */
function offsetOf(document: Document, path: Path): number {
  let node: unknown = document.contents
  let offset = document.contents?.range?.[0] ?? 0
  for (const part of path) {
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && key.value === part)
      if (!pair || !isScalar(pair.key)) break
      offset = pair.key.range?.[0] ?? offset
      node = pair.value
    } else if (isSeq(node)) {
      node = node.items[Number(part)]
      if (isMap(node) || isScalar(node) || isSeq(node)) offset = node.range?.[0] ?? offset
    } else break
  }
  return offset
}
