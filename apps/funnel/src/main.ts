import { reportFailure } from './cli/exit.js'
import { leaveWithReader } from './cli/print.js'
import { createProgram } from './program.js'

leaveWithReader()
// a terminal may be closed under us; what we say is lost then, what we run is not
process.stderr.on('error', () => undefined)

try {
  const program = await createProgram(process.argv.slice(2))
  await program.parseAsync()
} catch (error) {
  process.exitCode = reportFailure(error, process.argv.includes('--json'))
}
