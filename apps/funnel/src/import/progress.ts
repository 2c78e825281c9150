import { progressBar } from '../cli/progress-bar.js'

/** Shows how far a run is: a bar on a terminal, else a line for each tenth. */
export interface Progress {
  readonly update: (bytes: number, rows: number) => void
  readonly stop: () => void
}

/** Progress over `total` bytes on `stream` (stderr as a rule). */
export function progressOn(stream: NodeJS.WriteStream, total: number): Progress {
  if (!stream.isTTY) return lines(stream, total)
  const bar = progressBar('{bar} {percentage} % · {rows} rows · {eta_formatted}', stream)
  return { update: (bytes, rows) => bar.update(bytes, total, { rows }), stop: () => bar.stop() }
}

function lines(stream: NodeJS.WritableStream, total: number): Progress {
  let tenth = 0
  return {
    update(bytes, rows) {
      const now = total ? Math.floor((10 * bytes) / total) : 0
      if (now <= tenth || now >= 10) return
      tenth = now
      stream.write(`${tenth * 10} % · ${rows} rows\n`)
    },
    stop: () => undefined,
  }
}

/** Progress for nobody. */
export const silent: Progress = { update: () => undefined, stop: () => undefined }
