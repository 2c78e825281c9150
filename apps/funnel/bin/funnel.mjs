#!/usr/bin/env node
// The `funnel` command. Runs what was built, under the pinned Node when this one is too old.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const main = new URL('../dist/main.js', import.meta.url)
const pinned = fileURLToPath(new URL('../../../node_modules/.bin/node', import.meta.url))
const major = Number(process.versions.node.split('.')[0])

if (!existsSync(main)) {
  console.error('funnel is not built yet: run `npm start` once, or `npm ci && npm run build`.')
  process.exit(1)
}
if (major >= 24) await import(main.href)
else if (!existsSync(pinned)) {
  console.error(
    `funnel needs Node 24 or later; this is ${process.version}. Run \`npm ci\` first: it brings the right Node.`,
  )
  process.exit(1)
} else {
  // a signal of the terminal reaches the child by itself; this one waits for it
  for (const signal of ['SIGINT', 'SIGHUP']) process.on(signal, () => undefined)
  const { status, signal } = spawnSync(pinned, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    stdio: 'inherit',
  })
  if (signal) process.kill(process.pid, signal)
  process.exit(status ?? 1)
}
