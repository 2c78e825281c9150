import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** A peer in a process of its own, asked by one message at a time. */
export interface Forked {
  /** Its answer. Throws when it has ended. */
  ask<Answer>(question: unknown): Promise<Answer>
  kill(): void
}

/** Starts a file of this folder that answers every message with one. */
export function forked(name: string, ...args: readonly string[]): Forked {
  const peer = fork(fileURLToPath(new URL(`./${name}.js`, import.meta.url)), args)
  const gone = once(peer, 'exit').then((): never => {
    throw new Error(`${name} has ended`)
  })
  gone.catch(() => undefined)
  return {
    async ask<Answer>(question: unknown) {
      const answer = once(peer, 'message')
      peer.send(question as object)
      const [message] = (await Promise.race([answer, gone])) as [Answer]
      return message
    },
    kill: () => void peer.kill(),
  }
}
