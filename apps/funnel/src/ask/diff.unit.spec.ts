import { describe, expect, it } from '@jest/globals'
import { diffCommand, spanOf } from './diff.js'

describe('funnel diff', () => {
  const now = Date.UTC(2026, 0, 31)

  it('goes from --since to --until, or to now', () => {
    expect(spanOf({ since: '14d', until: '7d' }, now)).toEqual({
      knownFrom: new Date('2026-01-17'),
      knownTo: new Date('2026-01-24'),
    })
    expect(spanOf({ since: '7d' }, now).knownTo).toBeUndefined()
    expect(spanOf({ since: '7d', until: '7d' }, now).knownTo).toEqual(new Date('2026-01-24'))
  })

  it('says by its flags that they are the wrong way round', () => {
    expect(() => spanOf({ since: '7d', until: '14d' }, now)).toThrow('--until 14d lies before --since 7d')
  })

  it('offers no --known-at, which it could not keep', async () => {
    const diff = diffCommand()
      .exitOverride()
      .configureOutput({ writeErr: () => undefined })
    expect(diff.helpInformation()).not.toContain('--known-at')
    await expect(diff.parseAsync(['leads', '--since', '1d', '--known-at', '2d'], { from: 'user' })).rejects.toThrow(
      "unknown option '--known-at'",
    )
  })
})
