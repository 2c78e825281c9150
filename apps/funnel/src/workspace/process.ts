import { readFileSync } from 'node:fs'

/** A process that cannot be taken for a later one with the same number. */
export interface ProcessId {
  readonly pid: number
  /** When it began, as the system counts; absent where the system does not say. */
  readonly began?: string
}

/** This process. */
export const thisProcess = (): ProcessId => identify(process.pid)

/** The process that has this number now. */
export function identify(pid: number): ProcessId {
  const began = beganOf(pid)
  return began === undefined ? { pid } : { pid, began }
}

/** Whether that very process still runs. */
export function runs({ pid, began }: ProcessId): boolean {
  try {
    process.kill(pid, 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false
  }
  return began === undefined || beganOf(pid) === began
}

/** Field 22 of /proc/<pid>/stat; the name before it may hold blanks and brackets. A zombie no longer runs. */
function beganOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return fields[0] === 'Z' ? 'ended' : fields[19]
  } catch {
    return undefined
  }
}
