/** Data for the next program or the reader. */
export const print = (text: string): void => void process.stdout.write(`${text}\n`)

/** Data as one line of JSON. */
export const printJson = (value: unknown): void => print(JSON.stringify(value))

/** A message beside the data. */
export const say = (text: string): void => void process.stderr.write(`${text}\n`)

/**
 * Ends the command where nobody reads its output any more: a reader such as `head` has left, or the terminal was closed.
 * That is no failure. A command that stops in order on SIGHUP goes on without a reader: what it runs is not lost with what it
 * says. Throws what else goes wrong with the output.
 */
export function leaveWithReader(
  stdout: NodeJS.EventEmitter & { readonly isTTY?: boolean } = process.stdout,
  exit = (code: number): void => process.exit(code),
): void {
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    // of a file EIO is a broken disk
    if (error.code !== 'EPIPE' && !(error.code === 'EIO' && stdout.isTTY)) throw error
    if (!process.listenerCount('SIGHUP')) exit(0)
  })
}
