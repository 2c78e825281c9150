/** Parameters that say which advertisement or campaign brought a visitor; all others may hold personal data. */
export const clickIds: readonly string[] = [
  'gclid',
  'gclsrc',
  'gbraid',
  'wbraid',
  'dclid',
  'fbclid',
  'msclkid',
  'ttclid',
  'twclid',
  'li_fat_id',
  'yclid',
  'epik',
  'rdt_cid',
  'sccid',
]

/**
 * The address without what may name a person: no user info, no fragment, and of the query only utm_* and click-id
 * parameters, in the order sent. The rest stays as written, so that equal addresses stay equal. Relative ones work too.
 */
export function strippedUrl(url: string): string {
  if (!/[?#@]/.test(url)) return url
  const [bare = ''] = url.split('#', 1)
  const mark = bare.indexOf('?')
  const path = (mark < 0 ? bare : bare.slice(0, mark)).replace(/^([a-z][a-z0-9+.-]*:)?\/\/[^/]*@/i, '$1//')
  if (mark < 0) return path
  const kept = bare
    .slice(mark + 1)
    .split('&')
    .filter((parameter) => isKept(parameter.split('=', 1)[0]!.toLowerCase()))
  return kept.length ? `${path}?${kept.join('&')}` : path
}

const isKept = (name: string): boolean => /^utm_[a-z_]+$/.test(name) || clickIds.includes(name)
