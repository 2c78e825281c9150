import { describe, expect, it } from '@jest/globals'
import { isPublicPath, tokenMatches } from './token.js'

describe('The admin token', () => {
  const token = 'a-token-of-sixteen-or-more'

  it('is taken as it is or as a bearer, from any of the headers', () => {
    expect(tokenMatches(token, token)).toBe(true)
    expect(tokenMatches(token, undefined, `Bearer ${token}`)).toBe(true)
    expect(tokenMatches(token, 'wrong', `bearer ${token}`)).toBe(true)
  })

  it.each([[undefined], [''], ['Bearer '], [`${token} `], [token.slice(1)], [token.toUpperCase()], [[token]]])(
    'is not %j',
    (value) => {
      expect(tokenMatches(token, value)).toBe(false)
    },
  )

  it('leaves health checks open, and only them', () => {
    expect(['/health/live', '/health/ready', '/health/ready?full=1'].every(isPublicPath)).toBe(true)
    for (const path of [
      '/metrics',
      '/health',
      '/health/',
      '/health/ready/x',
      '/x/health/live',
      '//health/live',
      '/health/live%2f..',
      '/HEALTH/LIVE',
    ])
      expect(isPublicPath(path)).toBe(false)
  })
})
