import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { derivedId, isUuid, mintId, storedId } from './ids.js'

describe('An event id', () => {
  it('that is a UUID is kept, in lower case, whatever the source', () => {
    fc.assert(
      fc.property(fc.uuid(), fc.string(), (id, source) => {
        expect(storedId(source, id.toUpperCase())).toBe(id)
      }),
    )
  })

  it('that is foreign becomes a UUIDv8 of its source and itself, the same for ever', () => {
    expect(storedId('/crm', '4711')).toBe(derivedId('/crm', '4711'))
    expect(storedId('/crm', '4711')).toBe('505b4a48-be95-856e-8661-46a2b5f568ce')
    expect(storedId('/shop', '4711')).not.toBe(storedId('/crm', '4711'))
    fc.assert(
      fc.property(fc.string(), fc.string(), (source, id) => {
        expect(isUuid(storedId(source, id))).toBe(true)
      }),
    )
  })

  it('cannot be moved between its parts', () => {
    expect(derivedId('a', 'bc')).not.toBe(derivedId('ab', 'c'))
    expect(derivedId(1)).not.toBe(derivedId('1'))
  })

  it('that is minted is new and sorts after earlier ones', async () => {
    const first = mintId()
    await new Promise((resolve) => setTimeout(resolve, 2))
    expect(mintId() > first).toBe(true)
    expect(isUuid(first)).toBe(true)
  })
})
