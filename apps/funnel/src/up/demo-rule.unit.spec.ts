import { describe, expect, it } from '@jest/globals'
import { wantsDemo } from './demo-rule.js'

describe('demo data', () => {
  it.each([
    { workspace: 'demo', embedded: true, demo: undefined, wanted: true },
    { workspace: 'demo', embedded: true, demo: false, wanted: false },
    { workspace: 'mine', embedded: true, demo: undefined, wanted: false },
    { workspace: 'demo', embedded: false, demo: undefined, wanted: false },
    { workspace: 'default', embedded: false, demo: true, wanted: true },
  ])('is wanted: $wanted, in $workspace (embedded: $embedded, asked: $demo)', ({ wanted, ...wish }) => {
    expect(wantsDemo(wish)).toBe(wanted)
  })
})
