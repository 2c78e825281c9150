#!/usr/bin/env node
// npm start: from a bare clone to a running platform. Installs and builds what is missing, then runs `funnel up` with the
// pinned Node; arguments, signals and exit code are handed on. Under Node 20 or later.
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { bootstrap, fail, pinnedNode, root, run } from './bootstrap.mjs'

const env = bootstrap()
const node = pinnedNode(env)
// incremental: a fraction of a second when nothing has changed
run(node, [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-b', ...services()], env)

const child = spawn(node, [join(root, 'apps', 'funnel', 'bin', 'funnel.mjs'), 'up', ...process.argv.slice(2)], {
  cwd: process.cwd(),
  env,
  stdio: 'inherit',
})
// Ctrl-C reaches the child by itself; what is sent to this process alone is handed on. The child takes both for one.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
child.once('error', (error) => fail(`funnel up: ${error.message}`))
child.once('exit', (code, signal) => {
  if (!signal) process.exit(code ?? 1)
  process.removeAllListeners(signal)
  process.kill(process.pid, signal)
})

/** What `funnel up` runs; the rest of the repository need not be built for it. */
function services() {
  return ['funnel', 'ingest', 'relay', 'automation', 'sla-monitor', 'projector', 'query'].map((name) =>
    join(root, 'apps', name),
  )
}
