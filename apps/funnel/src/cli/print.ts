/** Data for the next program or the reader. */
export const print = (text: string): void => void process.stdout.write(`${text}\n`)

/** Data as one line of JSON. */
export const printJson = (value: unknown): void => print(JSON.stringify(value))

/** A message beside the data. */
export const say = (text: string): void => void process.stderr.write(`${text}\n`)
