import { describe, expect, it } from '@jest/globals'
import { FunnelError } from '@funnel/events'
import { resumed } from './resumed.js'

const gone = () => new FunnelError('UNAVAILABLE', 'the connection was lost')

/** Streams that each give these tokens and then fail, or end where they have no more to give. */
const streams = (...all: readonly (readonly (string | Error)[])[]) => {
  const asked: string[] = []
  const left = all.values()
  const watch = async function* (token: string) {
    asked.push(token)
    for (const one of left.next().value ?? []) {
      if (one instanceof Error) throw one
      yield { resumeToken: one }
    }
  }
  return { asked, watch }
}

describe('a stream that outlives its server', () => {
  const run = async (
    watch: (token: string) => AsyncIterable<{ resumeToken: string }>,
    stop = new AbortController(),
  ) => {
    const seen: string[] = []
    let losses = 0
    const lost = () => losses++
    for await (const { resumeToken } of resumed(watch, { signal: stop.signal, lost, pause: 0 })) {
      seen.push(resumeToken)
      if (resumeToken === 'last') stop.abort()
    }
    return { seen, losses }
  }

  it('goes on after the last token, however long it was away, and tells each loss once', async () => {
    const { asked, watch } = streams(['', 'a', 'b', gone()], [gone()], [gone()], ['c', gone()], ['last'])
    expect(await run(watch)).toEqual({ seen: ['', 'a', 'b', 'c', 'last'], losses: 2 })
    expect(asked).toEqual(['', 'b', 'b', 'b', 'c'])
  })

  it('fails where there is no token to go on from, and where something else is wrong', async () => {
    await expect(run(streams(['', gone()]).watch)).rejects.toThrow('the connection was lost')
    const restored = new FunnelError('NOT_FOUND', 'the log is another one now')
    await expect(run(streams(['a', gone()], [restored]).watch)).rejects.toThrow(restored)
  })

  it('goes on where the server ended it as if all was said: only who watches ends it', async () => {
    const { asked, watch } = streams(['', 'a'], [], ['b'], ['last'])
    expect(await run(watch)).toEqual({ seen: ['', 'a', 'b', 'last'], losses: 2 })
    expect(asked).toEqual(['', 'a', 'a', 'b'])
    await expect(run(streams(['']).watch)).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  })

  it('ends when it is stopped while the server is away', async () => {
    const stop = new AbortController()
    const { asked, watch } = streams(['a', gone()], [gone()])
    const away = (token: string) => {
      if (token) stop.abort()
      return watch(token)
    }
    expect(await run(away, stop)).toEqual({ seen: ['a'], losses: 1 })
    expect(asked).toEqual(['', 'a'])
  })
})
