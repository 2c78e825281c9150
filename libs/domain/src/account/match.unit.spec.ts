import { describe, expect, it } from '@jest/globals'
import * as fc from 'fast-check'
import { MATCH_VERSION, matchAccount, matchKeys, type Account } from './match.js'

const account = (id: string, about: Partial<Account> = {}): Account => ({ account: id, since: 0, ...about })
const acme = account('acme', { company: 'Acme Software GmbH', domains: ['acme.com', 'acme.de'] })
const umbrella = account('umbrella', { company: 'Umbrella Holding Inc.', domains: ['umbrella.io'] })
const accounts = [acme, umbrella]

describe('a person’s company (row 12)', () => {
  it('is that of the domain, and the match tells the rule, its version and the fields', () => {
    expect(matchAccount({ domain: 'ACME.de' }, accounts)).toEqual({
      account: 'acme',
      rule: 'domain',
      ruleVersion: MATCH_VERSION,
      fields: ['domain'],
    })
  })

  it('is that of the name, whatever its case, accents, punctuation and legal form', () => {
    for (const company of [
      'acme software',
      'ACME Software, Inc.',
      'The Acmé-Software GmbH & Co. KG',
      'AcmeSoftware S.A.',
    ])
      expect(matchAccount({ company }, accounts)).toMatchObject({
        account: 'acme',
        rule: 'company',
        fields: ['company'],
      })
  })

  it('is not that of a name that is only close', () => {
    for (const company of ['Acme', 'Acme Software Europe', 'AS', 'Acme Hardware'])
      expect(matchAccount({ company }, accounts)).toBeUndefined()
  })

  it('is that of domain and name where both agree, the name being equal or close', () => {
    for (const company of ['Acme Software Inc', 'Acme', 'Acme Software Europe', 'A.S.'])
      expect(matchAccount({ domain: 'acme.com', company }, accounts)).toMatchObject({
        account: 'acme',
        rule: 'domain-and-company',
        fields: ['domain', 'company'],
      })
  })

  it('is that of the domain where the name is another’s', () => {
    const claim = { domain: 'acme.com', company: 'Umbrella Holding' }
    expect(matchAccount(claim, accounts)).toMatchObject({ account: 'acme', rule: 'domain' })
  })

  it('is nobody’s by a subdomain or the domain of another country', () => {
    for (const domain of ['mail.acme.com', 'acme.co.uk', 'acme.fr', 'notacme.com'])
      expect(matchAccount({ domain }, accounts)).toBeUndefined()
  })

  it('is nobody’s by a domain of free mail, also if an account names it', () => {
    const careless = account('careless', { company: 'Careless', domains: ['gmail.com', 'yahoo.co.uk', 'gmx.net'] })
    for (const domain of ['gmail.com', 'GMail.com', 'yahoo.co.uk', 'gmx.net'])
      expect(matchAccount({ domain }, [careless])).toBeUndefined()
    expect(matchAccount({ domain: 'gmail.com', company: 'Careless Ltd' }, [careless])).toMatchObject({
      rule: 'company',
    })
  })

  it('is nobody’s where nothing is told, or no word of a name', () => {
    const nameless = account('nameless', { company: '—' })
    for (const claim of [{}, { company: '' }, { company: '…' }])
      expect(matchAccount(claim, [...accounts, nameless, account('bare')])).toBeUndefined()
  })

  it('is, of several, the one with the equal name, then the one recorded first, then the one whose id comes first', () => {
    const [domains, company] = [['group.com'], 'Group']
    const older = account('z', { domains, company: 'Group One', since: 1 })
    const newer = account('a', { domains, company: 'Group Two', since: 2 })
    const twin = account('b', { domains, company: 'Group Three', since: 1 })
    const found = (claim: Parameters<typeof matchAccount>[0]) => matchAccount(claim, [newer, older, twin])?.account
    expect(found({ domain: 'group.com', company: 'Group Two Ltd' })).toBe('a')
    expect(found({ domain: 'group.com', company })).toBe('b')
    expect(found({ domain: 'group.com' })).toBe('b')
    expect(matchAccount({ domain: 'group.com' }, [newer, older])?.account).toBe('z')
  })

  it('does not depend on the order of the accounts', () => {
    const domain = fc.constantFrom('a.com', 'b.com', 'gmail.com')
    const company = fc.constantFrom('Alpha Inc', 'alpha', 'Alpha Beta', 'AB', '')
    const some = fc.uniqueArray(
      fc.record({
        account: fc.constantFrom('a', 'b', 'c', 'd'),
        company,
        domains: fc.array(domain, { maxLength: 2 }),
        since: fc.nat({ max: 2 }),
      }),
      { selector: (one) => one.account },
    )
    fc.assert(
      fc.property(some, fc.record({ domain, company }, { requiredKeys: [] }), (accounts, claim) => {
        const match = matchAccount(claim, accounts)
        expect(matchAccount(claim, accounts.toReversed())).toEqual(match)
        const keys = new Set(matchKeys({ domains: claim.domain === undefined ? [] : [claim.domain], ...claim }))
        expect(
          matchAccount(
            claim,
            accounts.filter((one) => matchKeys(one).some((key) => keys.has(key))),
          ),
        ).toEqual(match)
        if (match?.fields.includes('domain')) expect(claim.domain).not.toBe('gmail.com')
      }),
    )
  })
})
