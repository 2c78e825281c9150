import { afterEach, describe, expect, it, jest } from '@jest/globals'
import type { KeyOwner } from '@funnel/event-store'
import { cachedWriteKeys } from './write-keys.js'

const site: KeyOwner = { source: '/site', commands: false }
const shop: KeyOwner = { source: '/shop', commands: true }

function door(answers: Record<string, KeyOwner | Error>) {
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
  afterEach(() => void jest.useRealTimers())

  it('is looked up once for many requests, and again after ten seconds, so that a revoked one stops', async () => {
    const { keys, looked, clock, answers } = door({ good: site })
    expect(await Promise.all(Array.from({ length: 50 }, () => keys.ownerOf('Bearer good')))).toEqual(
      Array.from({ length: 50 }, () => site),
    )
    expect(looked).toEqual(['good'])
    delete answers['good']
    clock.now = 9_999
    expect(await keys.ownerOf('bearer good')).toBe(site)
    clock.now = 10_001
    await expect(keys.ownerOf('Bearer good')).rejects.toMatchObject({ code: 'UNAUTHENTICATED' })
  })

  it('that was revoked stops as soon where the clock of the machine is set back', async () => {
    jest.useFakeTimers({ now: Date.UTC(2026, 0, 5, 12) })
    const answers: Record<string, KeyOwner> = { good: site }
    const keys = cachedWriteKeys(async (key) => answers[key])
    expect(await keys.ownerOf('Bearer good')).toBe(site)
    delete answers['good']
    jest.setSystemTime(Date.UTC(2026, 0, 5, 6))
    jest.advanceTimersByTime(9_999)
    expect(await keys.ownerOf('Bearer good')).toBe(site)
    jest.advanceTimersByTime(2)
    await expect(keys.ownerOf('Bearer good')).rejects.toMatchObject({ code: 'UNAUTHENTICATED' })
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
      await expect(keys.ownerOf(header)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' })
    expect(looked).toEqual([])
    await expect(keys.ownerOf('Bearer guess')).rejects.toMatchObject({ code: 'UNAUTHENTICATED' })
  })

  it('that was made after a failed try works a second later', async () => {
    const { keys, clock, answers } = door({})
    await expect(keys.ownerOf('Bearer new')).rejects.toMatchObject({ code: 'UNAUTHENTICATED' })
    answers['new'] = shop
    clock.now = 1_001
    expect(await keys.ownerOf('Bearer new')).toBe(shop)
  })

  it('that cannot be looked up is not taken for a wrong one, and is asked for again at once', async () => {
    const { keys, answers } = door({ good: new Error('down') })
    await expect(keys.ownerOf('Bearer good')).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    answers['good'] = site
    expect(await keys.ownerOf('Bearer good')).toBe(site)
  })
})
