import { describe, expect, it } from '@jest/globals'
import { Clock } from '@funnel/query-api'
import { inTree } from './tree.js'

describe('the clocks of a lead', () => {
  const checked = (clock: string, parent?: string) => ({
    clock: { ...Clock.fromPartial({ clock }), parent },
    events: [],
  })

  it('row 22: stand below the one that they are parts of, in their order; one whose whole is not there stands alone', () => {
    const tree = inTree([
      checked('response', 'action'),
      checked('data'),
      checked('action'),
      checked('step', 'response'),
      checked('handoff', 'action'),
      checked('lone', 'gone'),
    ])
    expect(tree.map(({ one, depth }) => [one.clock.clock, depth])).toEqual([
      ['data', 0],
      ['action', 0],
      ['response', 1],
      ['step', 2],
      ['handoff', 1],
      ['lone', 0],
    ])
  })
})
