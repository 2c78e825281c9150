import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** The process of the whole test run: Jest's own, of which a worker is a fork. */
export const testRun = (): number => (process.send ? process.ppid : process.pid)

/**
 * A folder of this test run, the same for all its workers. The run's name comes from Jest's configuration: process ids
 * come again, and what a run left that was cut off must not be taken for this one's.
 */
export const runFolder = (name: string): string =>
  join(tmpdir(), `funnel-${name}-${process.env['FUNNEL_TEST_RUN'] ?? testRun()}`)

/**
 * The value that the first worker to ask makes, for all workers of the run: the others wait for it. A failure is theirs
 * too.
 */
export async function shared<T>(folder: string, make: () => Promise<T>): Promise<T> {
  const file = join(folder, 'shared.json')
  if (first(folder)) {
    const result = await make().then(
      (value) => ({ value }),
      (error: unknown) => ({ error: String(error) }),
    )
    writeFileSync(`${file}.new`, JSON.stringify(result))
    renameSync(`${file}.new`, file)
  }
  while (!existsSync(file)) await sleep(50)
  const { value, error } = JSON.parse(readFileSync(file, 'utf8')) as { value: T; error?: string }
  if (error) throw new Error(error)
  return value
}

function first(folder: string): boolean {
  try {
    mkdirSync(folder)
    return true
  } catch {
    return false
  }
}
