import type { Folder } from '../workspace/folders.js'
import type { WorkspaceState } from '../workspace/state.js'

/** A running workspace as JSON for others: no passwords, no token, no keys. */
export const summaryOf = (state: WorkspaceState, folder: Folder) => {
  const {
    workspace,
    supervisor,
    startedAt,
    ready,
    demo,
    simulatedUntil,
    embeddedPostgres,
    urls,
    kafkaBrokers,
    services,
  } = state
  return {
    workspace,
    pid: supervisor.pid,
    startedAt,
    ready,
    demo,
    ...(simulatedUntil === undefined ? {} : { simulatedUntil }),
    embeddedPostgres,
    urls,
    ...(kafkaBrokers === undefined ? {} : { kafkaBrokers }),
    folder: folder.path,
    services,
  }
}
