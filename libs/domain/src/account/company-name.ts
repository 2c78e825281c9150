/** The words by which companies are told apart: no case, no accents, no punctuation, no legal form, no article. */
export function nameWords(company: string): readonly string[] {
  const words = company
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[\p{M}.'’/]/gu, '') // S.A. is SA, A/S is AS
    .replaceAll('&', ' and ')
    .split(/[^\p{L}\p{N}]+/u)
    .filter(Boolean)
  if (words[0] === 'the' && words.length > 1) words.shift()
  while (words.length > 1 && legalForms.has(words.at(-1)!)) words.pop()
  return words
}

/**
 * How alike two names are. `equal`: letter for letter, however they are spaced. `close`: one begins with all words of the
 * other, or is its initials. A name without a word is like none.
 */
export function likeness(a: readonly string[], b: readonly string[]): 'equal' | 'close' | undefined {
  if (!a.length || !b.length) return undefined
  if (a.join('') === b.join('')) return 'equal'
  const [short, long] = a.length < b.length ? [a, b] : [b, a]
  const begins = short.every((word, i) => word === long[i])
  const initials = short.length === 1 && long.length > 1 && short[0] === long.map((word) => word[0]).join('')
  return begins || initials ? 'close' : undefined
}

/** What may stand at the end of a name; `and` for GmbH & Co. KG, `sp z oo` for Sp. z o.o. */
const legalForms: ReadonlySet<string> = new Set(
  `inc incorporated corp corporation co company llc llp lp ltd limited plc and gmbh mbh ag kg kgaa ohg ug gbr ek eg ev se sa
   sas sasu sarl snc srl spa sl slu sau bv nv vof cv ab as asa aps oy oyj kk kabushiki kaisha pty pte pvt private bhd sdn
   sp z oo sro doo dd kft zrt nyrt ood ad eood lda ltda sab`.split(/\s+/),
)
