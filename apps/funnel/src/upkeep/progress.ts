import { SingleBar } from 'cli-progress'

/** Progress over events on stderr: a bar on a terminal, a line for each tenth elsewhere, nothing when silent. */
export function eventProgress(what: string, silent: boolean, stream: NodeJS.WriteStream = process.stderr) {
  let tenth = -1
  const bar =
    stream.isTTY && !silent
      ? new SingleBar({
          format: `${what} {bar} {percentage} % · {value} of {total} events · {eta_formatted} left`,
          stream,
          hideCursor: true,
          clearOnComplete: true,
          barsize: 30,
        })
      : undefined
  return {
    update({ done, total }: { readonly done: number; readonly total: number }) {
      if (silent) return
      if (bar) {
        if (tenth < 0) bar.start(total, done)
        tenth = 0
        bar.setTotal(total)
        bar.update(done)
        return
      }
      const now = total ? Math.floor((10 * done) / total) : 10
      if (now === tenth) return
      tenth = now
      stream.write(`${what}: ${now * 10} % of ${total} events\n`)
    },
    stop: () => bar?.stop(),
  }
}
