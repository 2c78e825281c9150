import { lookup } from 'node:dns'
import { isIP, type LookupFunction } from 'node:net'
import ipaddr from 'ipaddr.js'

/** Public addresses at which a cloud answers its guests with their secrets. */
const METADATA: ReadonlySet<string> = new Set(['168.63.129.16'])
/** What a network of one's own is made of; link-local addresses, where clouds keep metadata, are none of it. */
const PRIVATE: ReadonlySet<string> = new Set(['loopback', 'private', 'uniqueLocal', 'carrierGradeNat'])

/**
 * Whether we connect to this address: public ones, and private ones where they are allowed. Addresses inside others count
 * as what they stand for.
 */
export function mayConnect(address: string, allowPrivate: boolean): boolean {
  if (!ipaddr.isValid(address)) return false
  const real = ipaddr.process(address)
  if (METADATA.has(real.toString())) return false
  const range = real.range()
  return range === 'unicast' || (allowPrivate && PRIVATE.has(range))
}

/**
 * Tells that an address may not be connected to, without the address: what a name inside a network stands for is nobody's
 * business.
 */
export class AddressRefused extends Error {
  override readonly name = 'AddressRefused'
  readonly code = 'ADDRESS_REFUSED'
  constructor() {
    super('the address is private, or of another range that is not connected to')
  }
}

/**
 * Looks names up for a connection and refuses those of which any address may not be connected to. As the addresses it
 * gives are those that are connected to, it does not help to change the name in between.
 */
export const guardedLookup =
  (allowPrivate: boolean, resolve: typeof lookup = lookup): LookupFunction =>
  (host, options, callback) => {
    resolve(host, { ...options, all: true }, (error, addresses) => {
      if (error) return callback(error, '')
      if (!addresses.length || !addresses.every(({ address }) => mayConnect(address, allowPrivate)))
        return callback(new AddressRefused(), '')
      if (options.all) callback(null, addresses)
      else callback(null, addresses[0]!.address, addresses[0]!.family)
    })
  }

/**
 * Throws AddressRefused where a URL names an address that may not be connected to; names are looked at when they are looked up.
 */
export function assertAddress({ hostname }: URL, allowPrivate: boolean): void {
  const host = hostname.replace(/^\[|\]$/g, '')
  if (isIP(host) && !mayConnect(host, allowPrivate)) throw new AddressRefused()
}
