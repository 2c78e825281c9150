import { SingleBar } from 'cli-progress'

/** A bar on a terminal, gone when it is stopped. */
export interface ProgressBar {
  /** `payload` is for the further places of the format. */
  update(done: number, total: number, payload?: Readonly<Record<string, unknown>>): void
  stop(): void
}

/**
 * A bar that begins with its first figure: from then on until it is stopped its timer keeps the process alive. A signal
 * that nobody else listens to ends the process as ever, but first the cursor is shown again.
 */
export function progressBar(format: string, stream: NodeJS.WriteStream): ProgressBar {
  const bar = new SingleBar({ format, stream, hideCursor: true, clearOnComplete: true, barsize: 30 })
  let signals: readonly NodeJS.Signals[] | undefined
  const stop = () => {
    if (!signals) return
    for (const signal of signals) process.off(signal, ended)
    signals = undefined
    bar.stop()
  }
  const ended = (signal: NodeJS.Signals) => {
    stop()
    process.kill(process.pid, signal)
  }
  return {
    update(done, total, payload = {}) {
      if (!signals) {
        signals = (['SIGINT', 'SIGTERM'] as const).filter((signal) => !process.listenerCount(signal))
        for (const signal of signals) process.on(signal, ended)
        bar.start(total, done, payload)
      }
      bar.setTotal(total)
      bar.update(done, payload)
    },
    stop,
  }
}
