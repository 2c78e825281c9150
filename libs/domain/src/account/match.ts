import type { Instant } from '@funnel/events'
import { likeness, nameWords } from './company-name.js'
import { isFreeMail } from './free-mail.js'

/** Where somebody works, as far as they tell: the domain of their address, the name in a form. */
export interface Workplace {
  readonly domain?: string
  readonly company?: string
}

/** A company that somebody may belong to. */
export interface Account {
  readonly account: string
  readonly company?: string
  readonly domains?: readonly string[]
  /** When it was first recorded. */
  readonly since: Instant
}

/** The company that was found and why; names what `person.match-account` asks for. */
export interface AccountMatch {
  readonly account: string
  readonly rule: 'domain-and-company' | 'domain' | 'company'
  readonly ruleVersion: number
  readonly fields: readonly ('domain' | 'company')[]
}

/** The version of the rules below; raised with every change of what they match. */
export const MATCH_VERSION = 1

/**
 * The company of a person. The first rule that holds for any account decides:
 *
 * 1. `domain-and-company`: the domain is one of the account's and the names are equal, or else close (`likeness`).
 * 2. `domain`: the domain is one of the account's.
 * 3. `company`: the names are equal, but for case, accents, punctuation and legal form (`nameWords`).
 *
 * A domain is equal letter for letter but for case: neither subdomains nor the domains of other countries are the same
 * company. One of free mail matches nothing. Of several accounts the one that was recorded first is taken, then the one
 * whose id comes first. Pure; the order of the accounts does not matter.
 */
export function matchAccount({ domain, company }: Workplace, accounts: readonly Account[]): AccountMatch | undefined {
  const own = domain?.toLowerCase()
  const words = nameWords(company ?? '')
  const found = accounts.flatMap((account) => {
    const sameDomain =
      own !== undefined && !isFreeMail(own) && (account.domains ?? []).some((one) => one.toLowerCase() === own)
    const alike = likeness(words, nameWords(account.company ?? ''))
    const place = grades.findIndex((grade) => grade.sameDomain === sameDomain && grade.alike === alike)
    return place < 0 ? [] : [{ account, place }]
  })
  const [best] = found.toSorted(
    (a, b) =>
      a.place - b.place || a.account.since - b.account.since || (a.account.account < b.account.account ? -1 : 1),
  )
  if (!best) return undefined
  const { rule, fields } = grades[best.place]!
  return { account: best.account.account, rule, ruleVersion: MATCH_VERSION, fields }
}

/**
 * What workplaces and accounts are kept under so as to be found: the domains, but for those of free mail, and the name. An
 * account that `matchAccount` finds has one of them in common with the workplace.
 */
export function matchKeys({ domains = [], company = '' }: Pick<Account, 'domains' | 'company'>): readonly string[] {
  const own = domains.map((domain) => domain.toLowerCase()).filter((domain) => !isFreeMail(domain))
  const name = nameWords(company).join('')
  return [...new Set([...own.map((domain) => `domain:${domain}`), ...(name ? [`company:${name}`] : [])])]
}

/** The rules, the best first. */
const grades = [
  { sameDomain: true, alike: 'equal', rule: 'domain-and-company', fields: ['domain', 'company'] },
  { sameDomain: true, alike: 'close', rule: 'domain-and-company', fields: ['domain', 'company'] },
  { sameDomain: true, alike: undefined, rule: 'domain', fields: ['domain'] },
  { sameDomain: false, alike: 'equal', rule: 'company', fields: ['company'] },
] as const
