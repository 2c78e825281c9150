import { describe, expect, it } from '@jest/globals'
import { NoValueReason, type DiffKpiResponse, type KpiCell } from '@funnel/query-api'
import { changeTable, diffCommand, spanOf } from './diff.js'

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

  it('shows the parts of money in several currencies, of a mean over what it is divided by', () => {
    const cell = (parts: readonly (readonly [number, string])[], n?: number): KpiCell => ({
      value: {
        $case: 'noValue',
        value: { reason: NoValueReason.NO_VALUE_REASON_SEVERAL_CURRENCIES, message: '' },
      },
      numerator: {
        amount: {
          $case: 'parts',
          value: { parts: parts.map(([minor, currency]) => ({ minor, currency, exponent: 2 })) },
        },
      },
      ...(n === undefined ? {} : { denominator: { amount: { $case: 'count', value: n } } }),
      sampleSize: 2,
      immature: 0,
    })
    const rowOf = (before: KpiCell, after: KpiCell) => {
      const changes = [{ bucketStart: undefined, dimensions: [], before, after }]
      return changeTable({ changes } as unknown as DiffKpiResponse, []).split('\n')[1]
    }
    const [then, now] = [
      [
        [100, 'EUR'],
        [200, 'USD'],
      ] as const,
      [
        [300, 'EUR'],
        [200, 'USD'],
      ] as const,
    ]
    expect(rowOf(cell(then), cell(now))).toBe('1.00 EUR + 2.00 USD  3.00 EUR + 2.00 USD')
    expect(rowOf(cell(then, 2), cell(now, 3))).toBe('1.00 EUR + 2.00 USD / 2  3.00 EUR + 2.00 USD / 3')
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
