import { readdirSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { dirname } from 'node:path'

/** What this machine says of processes and folders; imports nothing, so that a command may ask before it loads more. */

/** The fields of /proc/<pid>/stat behind the name, which may hold blanks and brackets: state, parent, …; undefined without. */
export function statOf(pid: number): readonly string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  } catch {
    return undefined
  }
}

/** The processes that this one has started and that have not ended; none where there is no /proc. */
export function childrenOf(pid: number): number[] {
  let names: string[]
  try {
    names = readdirSync('/proc')
  } catch {
    return []
  }
  return names.map(Number).filter((child) => child && statOf(child)?.[1] === String(pid))
}

/** Whether users other than the owner may pass through every folder down to this one, as far as it exists. */
export function othersMayPass(path: string): boolean {
  let place: string
  try {
    place = realpathSync(path)
  } catch {
    return othersMayPass(dirname(path))
  }
  for (; ; place = dirname(place)) {
    if (!(statSync(place).mode & 0o001)) return false
    if (place === dirname(place)) return true
  }
}
