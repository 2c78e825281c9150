import { describe, expect, it } from '@jest/globals'
import { cachedWriteKeys } from './write-keys.js'

function door(answers: Record<string, string | Error>) {
  const looked: string[] = []
  const clock = { now: 0 }
  const keys = cachedWriteKeys(
    (key) => {
      looked.push(key)
      const answer = answers[key]
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer)
    },
    () => clock.now,
  )
  return { keys, looked, clock, answers }
}

describe('A write key', () => {
  it('is looked up once for many requests, and again after ten seconds, so that a revoked one stops', async () => {
    const { keys, looked, clock, answers } = door({ good: '/site' })
    expect(await Promise.all(Array.from({ length: 50 }, () => keys.sourceOf('Bearer good')))).toEqual(
      Array.from({ length: 50 }, () => '/site'),
    )
    expect(looked).toEqual(['good'])
    delete answers['good']
    clock.now = 9_999
    expect(await keys.sourceOf('bearer good')).toBe('/site')
    clock.now = 10_001
    await expect(keys.sourceOf('Bearer good')).rejects.toMatchObject({ code: 'UNAUTHENTICATED' })
  })

  it('that is missing, malformed or unknown is refused, never taken silently', async () => {
    const { keys, looked } = door({})
    for (const header of [
      undefined,
      '',
      'Bearer',
      'Bearer ',
      'Basic abc',
      'Bearer a b',
      `Bearer ${'x'.repeat(201)}`,
      'Bearer é',
    ])
      await expect(keys.sourceOf(header)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' })
    expect(looked).toEqual([])
    await expect(keys.sourceOf('Bearer guess')).rejects.toMatchObject({ code: 'UNAUTHENTICATED' })
  })

  it('that was made after a failed try works a second later', async () => {
    const { keys, clock, answers } = door({})
    await expect(keys.sourceOf('Bearer new')).rejects.toMatchObject({ code: 'UNAUTHENTICATED' })
    answers['new'] = '/shop'
    clock.now = 1_001
    expect(await keys.sourceOf('Bearer new')).toBe('/shop')
  })

  it('that cannot be looked up is not taken for a wrong one, and is asked for again at once', async () => {
    const { keys, answers } = door({ good: new Error('down') })
    await expect(keys.sourceOf('Bearer good')).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    answers['good'] = '/site'
    expect(await keys.sourceOf('Bearer good')).toBe('/site')
  })
})
