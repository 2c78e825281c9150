import { reportFailure } from './cli/exit.js'
import { createProgram } from './program.js'

// a reader such as `head` may leave; that is no failure
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0)
  throw error
})
// a terminal may be closed under us; what we say is lost then, what we run is not
process.stderr.on('error', () => undefined)

try {
  const program = await createProgram(process.argv.slice(2))
  await program.parseAsync()
} catch (error) {
  process.exitCode = reportFailure(error, process.argv.includes('--json'))
}
