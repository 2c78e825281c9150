#!/usr/bin/env node
// npm test: installs what is missing, builds, checks and runs every test. Arguments go to Jest. Whatever ends it, its last
// line is "N passed, N failed, N skipped".
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { bootstrap, root, run } from './bootstrap.mjs'

// what stops before any test ran is one failure
let counts = { passed: 0, failed: 1, skipped: 0 }
process.on('exit', () => console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`))

const env = bootstrap()
const args = process.argv.slice(2)

if (!args.length) {
  run('npm', ['run', '-s', 'format:check'], env)
  run('npm', ['run', '-s', 'build'], env)
  run('npm', ['run', '-s', 'lint'], env)
} else run('npm', ['run', '-s', 'build'], env)

const report = join(root, '.funnel-test-report.json')
rmSync(report, { force: true })
const { status } = spawnSync('npm', ['run', '-s', 'jest', '--', '--json', `--outputFile=${report}`, ...args], {
  cwd: root,
  env,
  stdio: ['ignore', 'ignore', 'inherit'],
})
if (!existsSync(report)) process.exit(status || 1)
const { numPassedTests, numFailedTests, numRuntimeErrorTestSuites, numPendingTests } = JSON.parse(
  readFileSync(report, 'utf8'),
)
rmSync(report, { force: true })
counts = {
  passed: numPassedTests,
  // Jest also fails for reasons that are no test's
  failed: numFailedTests + numRuntimeErrorTestSuites || (status === 0 ? 0 : 1),
  skipped: numPendingTests,
}
process.exit(counts.failed || !counts.passed ? 1 : 0)
