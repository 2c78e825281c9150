import { createHash, timingSafeEqual } from 'node:crypto'

const digest = (text: string) => createHash('sha256').update(text).digest()

/** Whether one of the given header values carries the token; takes the same time whatever is wrong with it. */
export function tokenMatches(token: string, ...values: readonly (string | string[] | undefined)[]): boolean {
  const want = digest(token)
  let ok = false
  for (const value of values)
    if (typeof value === 'string' && timingSafeEqual(want, digest(value.replace(/^Bearer /i, '')))) ok = true
  return ok
}

/** Health checks are open; everything else needs the token. */
export const isPublicPath = (url: string): boolean => /^\/health\/(live|ready)(\?|$)/.test(url)
