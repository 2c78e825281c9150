export const visitorKey = (visitor: string): string => `visitor:${visitor}`
export const personKey = (person: string): string => `person:${person}`
export const leadKey = (lead: string): string => `lead:${lead}`

/** A list with one more key, once. */
export const withKey = (keys: readonly string[], key: string): readonly string[] =>
  keys.includes(key) ? keys : [...keys, key]

export const withoutKey = (keys: readonly string[], key: string): readonly string[] => keys.filter((one) => one !== key)
