import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { loadAllDefinitions } from '../load.js'
import { channelOf, type Channels } from './channels.js'

const channels = loadAllDefinitions().channels!
const site = 'https://www.ours.example/pricing'
const of = (query: string, referrer?: string) => channelOf({ url: `${site}${query}`, referrer }, channels)

describe('The channels that come with the platform', () => {
  it.each<[query: string, referrer: string | undefined, channel: string]>([
    ['', undefined, 'direct'],
    ['', '', 'direct'],
    ['', 'https://www.google.com/', 'organic_search'],
    ['', 'https://www.google.co.uk/search', 'organic_search'],
    ['', 'https://news.google.com/', 'organic_search'],
    ['', 'https://duckduckgo.com/', 'organic_search'],
    ['', 'android-app://com.google.android.gm/', 'referral'],
    ['?gclid=x', 'https://www.google.com/', 'paid_search'],
    ['?GCLID=x', undefined, 'paid_search'],
    ['?msclkid=x', 'https://www.bing.com/', 'paid_search'],
    ['?gclid=', 'https://www.google.com/', 'organic_search'],
    ['?utm_source=google&utm_medium=CPC', undefined, 'paid_search'],
    ['?utm_source=LinkedIn&utm_medium=cpc', undefined, 'paid_social'],
    ['?li_fat_id=x', 'https://www.linkedin.com/', 'paid_social'],
    ['?fbclid=x', 'https://l.facebook.com/', 'organic_social'],
    ['', 'https://lm.facebook.com/', 'organic_social'],
    ['', 'https://notfacebook.com/', 'referral'],
    ['?utm_medium=email&utm_source=letter', 'https://mail.google.com/', 'email'],
    ['?utm_medium=webinar', undefined, 'event'],
    ['?utm_medium=partner', 'https://partner.example/', 'partner'],
    ['?utm_medium=banner&dclid=x', undefined, 'display'],
    ['?utm_source=something', undefined, 'other'],
    ['?utm_source=something', 'https://blog.example/', 'other'],
    ['', 'https://blog.example/post', 'referral'],
    ['', 'https://checkout.stripe.com/pay/1', 'direct'],
    ['', 'https://accounts.google.com/o/oauth2', 'direct'],
  ])('%s from %s is %s', (query, referrer, channel) => {
    expect(of(query, referrer).channel).toBe(channel)
  })
})

describe('A channel', () => {
  const rules = (more: Partial<Channels>): Channels => ({ ...channels, ignore: [], rules: [], ...more })

  it('is direct where no rule holds and nobody sent the visitor, else referral', () => {
    expect(channelOf({}, rules({}))).toEqual({ channel: 'direct' })
    expect(channelOf({ url: site, referrer: 'https://blog.example/' }, rules({}))).toEqual({ channel: 'referral' })
  })

  it('does not come from one of our own pages: those of the visited host, and of what is to be ignored', () => {
    for (const referrer of ['https://ours.example/', 'https://WWW.OURS.example/a', 'https://docs.ours.example/'])
      expect(channelOf({ url: site, referrer }, rules({}))).toEqual({ channel: 'direct' })
    const elsewhere = { url: site, referrer: 'https://app.sister.example/' }
    expect(channelOf(elsewhere, rules({})).channel).toBe('referral')
    expect(channelOf(elsewhere, rules({ ignore: ['sister.example'] })).channel).toBe('direct')
  })

  it('is that of the first rule that holds, with its campaign or else the one that the address names', () => {
    const two = rules({
      rules: [
        { where: { field: 'utm_source', is: 'fair' }, channel: 'event', campaign: 'spring-fair' },
        { where: { field: 'utm_source', known: true }, channel: 'other' },
      ],
    })
    const at = (query: string) => channelOf({ url: `/a${query}` }, two)
    expect(at('?utm_source=fair&utm_campaign=x')).toEqual({ channel: 'event', campaign: 'spring-fair' })
    expect(at('?utm_source=mail&utm_campaign=Spring%20Letter')).toEqual({ channel: 'other', campaign: 'Spring Letter' })
    expect(at('?utm_campaign=alone')).toEqual({ channel: 'direct', campaign: 'alone' })
  })

  it('takes the first value of a parameter that comes twice, and none from an empty one', () => {
    expect(of('?utm_medium=&utm_medium=email&utm_medium=cpc').channel).toBe('email')
    expect(of('?utm_campaign=%20')).toEqual({ channel: 'direct' })
  })

  it('is told whatever the addresses are, with a campaign that an event can hold', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.webUrl({ withQueryParameters: true }),
      fc.string({ unit: 'binary', maxLength: 300 }).map((value) => `?utm_campaign=${value}`),
      fc.constantFrom('//', 'https://', 'http://[::1]:x', '%', '?utm_campaign=%ff%00%0a'),
    )
    fc.assert(
      fc.property(text, text, (url, referrer) => {
        const { channel, campaign = 'none' } = channelOf({ url, referrer }, channels)
        expect(channel).toMatch(/^[a-z_]+$/)
        // oxlint-disable-next-line no-control-regex
        expect(campaign).toMatch(/^[^\u0000-\u001f\u007f]{1,200}$/)
        expect(campaign.isWellFormed()).toBe(true)
      }),
    )
  })
})
