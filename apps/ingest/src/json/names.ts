/** The names of the objects that are open, by depth from 1. */
export interface Names {
  /** Starts anew with a text. */
  reset(body: Buffer): void
  /** An object or array opens at a depth. */
  open(depth: number): void
  close(depth: number): void
  /** Adds the name between two offsets, quotes included, to the object at a depth; how it fails where it does. */
  add(depth: number, from: number, to: number): 'twice' | 'too many' | undefined
  /** The last names of depths 1 to `depth`, with dots between. */
  path(depth: number): string
}

/**
 * Names are compared as JSON.parse would read them, so `"a"` and `"\u0061"` are one. By a hash of their bytes, and by
 * text only where hashes agree.
 */
export function createNames(maxDepth: number, perObject: number): Names {
  let body: Buffer = Buffer.alloc(0)
  let count = 0
  /** Where the names of a depth begin. */
  const first = new Int32Array(maxDepth + 2)
  const from: number[] = []
  const to: number[] = []
  const hash: number[] = []
  const text: (string | undefined)[] = []

  const textOf = (name: number): string =>
    (text[name] ??= JSON.parse(body.toString('utf8', from[name], to[name])) as string)

  const hashOf = (name: number): number => {
    let sum = 0
    const last = to[name]! - 1
    for (let i = from[name]! + 1; i < last; i++) {
      const c = body[i]!
      if (c === 0x5c) return hashOfText(textOf(name))
      sum = (Math.imul(sum, 31) + c) | 0
    }
    return sum
  }

  return {
    reset(next) {
      body = next
      count = 0
    },
    open(depth) {
      first[depth] = count
    },
    close(depth) {
      count = first[depth]!
    },
    add(depth, start, end) {
      const mine = count++
      from[mine] = start
      to[mine] = end
      text[mine] = undefined
      const own = (hash[mine] = hashOf(mine))
      const begin = first[depth]!
      if (mine - begin >= perObject) return 'too many'
      for (let i = begin; i < mine; i++) if (hash[i] === own && textOf(i) === textOf(mine)) return 'twice'
      return undefined
    },
    path(depth) {
      const parts: string[] = []
      for (let level = 1; level <= depth; level++) {
        const last = (level < depth ? first[level + 1]! : count) - 1
        if (last >= first[level]!) parts.push(textOf(last))
      }
      return parts.join('.').slice(0, 200)
    },
  }
}

function hashOfText(name: string): number {
  let sum = 0
  for (const c of Buffer.from(name)) sum = (Math.imul(sum, 31) + c) | 0
  return sum
}
