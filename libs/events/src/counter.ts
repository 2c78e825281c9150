/** Counts each name by itself: 1, 2, 3 … So the store numbers the events of each stream and of each partition. */
export function counter(): (name: string) => number {
  const counts = new Map<string, number>()
  return (name) => {
    const count = (counts.get(name) ?? 0) + 1
    counts.set(name, count)
    return count
  }
}
