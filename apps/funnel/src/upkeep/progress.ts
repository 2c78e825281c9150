import { progressBar } from '../cli/progress-bar.js'

/** Progress over events on stderr: a bar on a terminal, a line for each tenth elsewhere, nothing when silent. */
export function eventProgress(what: string, silent: boolean, stream: NodeJS.WriteStream = process.stderr) {
  const format = `${what} {bar} {percentage} % · {value} of {total} events · {eta_formatted} left`
  const bar = stream.isTTY && !silent ? progressBar(format, stream) : undefined
  let tenth = -1
  return {
    update({ done, total }: { readonly done: number; readonly total: number }) {
      if (silent) return
      if (bar) return bar.update(done, total)
      const now = total ? Math.floor((10 * done) / total) : 10
      if (now === tenth) return
      tenth = now
      stream.write(`${what}: ${now * 10} % of ${total} events\n`)
    },
    stop: () => bar?.stop(),
  }
}
