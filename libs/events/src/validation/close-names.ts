/** Up to three of `names` that a writer of `name` may have meant, the closest first. */
export function closeNames(name: string, names: readonly string[]): readonly string[] {
  const wanted = bare(name.slice(0, 100))
  return names
    .flatMap((candidate) => {
      const meant = bare(candidate)
      const most = Math.max(1, Math.floor(meant.length / 3))
      // what differs more in length is not looked at: a thousand long names must not keep others waiting
      if (Math.abs(meant.length - wanted.length) > most) return []
      const apart = distance(wanted, meant)
      return apart <= most ? [{ candidate, apart }] : []
    })
    .sort((a, b) => a.apart - b.apart)
    .slice(0, 3)
    .map(({ candidate }) => candidate)
}

const bare = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]/g, '')

/** Levenshtein's: insertions, deletions and replacements. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++)
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)))
    row = next
  }
  return row[b.length]!
}
