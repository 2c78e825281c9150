import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { strippedUrl } from './url.js'

describe('An address', () => {
  it.each([
    ['https://example.com', 'https://example.com'],
    ['https://example.com/a%20b?utm_source=x&utm_medium=cpc', 'https://example.com/a%20b?utm_source=x&utm_medium=cpc'],
    ['https://example.com/?UTM_Source=x&GCLID=1&session=2', 'https://example.com/?UTM_Source=x&GCLID=1'],
    ['https://example.com/?email=a&utm_source', 'https://example.com/?utm_source'],
    ['https://example.com/?email=a', 'https://example.com/'],
    ['https://example.com/#token=1?utm_source=x', 'https://example.com/'],
    ['https://jane:secret@example.com/a', 'https://example.com/a'],
    ['//jane@example.com/a', '//example.com/a'],
    ['https://a@b@example.com/a', 'https://example.com/a'],
    ['https://medium.com/@author/post', 'https://medium.com/@author/post'],
    ['/pricing?plan=pro&fbclid=2', '/pricing?fbclid=2'],
    ['?utm_source=x', '?utm_source=x'],
    ['app://screen/home', 'app://screen/home'],
    ['', ''],
  ])('%s is kept as %s', (sent, kept) => {
    expect(strippedUrl(sent)).toBe(kept)
  })

  it('is stripped once and for all, and loses only text', () => {
    fc.assert(
      fc.property(fc.oneof(fc.webUrl({ withQueryParameters: true, withFragments: true }), fc.string()), (url) => {
        const once = strippedUrl(url)
        expect(strippedUrl(once)).toBe(once)
        expect(once.length).toBeLessThanOrEqual(url.length)
        expect(once).not.toContain('#')
      }),
    )
  })
})
