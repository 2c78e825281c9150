import { statOf } from '@funnel/platform/host'

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

/** When it began, in the system's ticks. A zombie no longer runs. */
function beganOf(pid: number): string | undefined {
  const stat = statOf(pid)
  return stat?.[0] === 'Z' ? 'ended' : stat?.[19]
}
