#!/usr/bin/env node
// npm test: installs what is missing, builds, checks and runs every test. Arguments go to Jest.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { bootstrap, root, run } from './bootstrap.mjs'

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
const failed = numFailedTests + numRuntimeErrorTestSuites
console.log(`${numPassedTests} passed, ${failed} failed, ${numPendingTests} skipped`)
process.exit(failed || status ? 1 : numPassedTests ? 0 : 1)
