import { FunnelError } from '@funnel/events'
import { tokenMatches } from '@funnel/platform'
import type { WriteKeys } from './write-keys.js'

/** The source of commands that come with the admin token. */
const ADMIN = 'admin'

/** What a caller shows. */
export interface Credentials {
  readonly token: string | string[] | undefined
  readonly authorization: string | undefined
}

/** Tells who may give commands. */
export interface CommandKeys {
  /**
   * The source of a caller with the admin token, where one is set, or with a key that may give commands. Throws
   * UNAUTHENTICATED; FORBIDDEN for a key that can only send events, as web pages have; UNAVAILABLE.
   */
  sourceOf(credentials: Credentials): Promise<string>
}

export const commandKeys = (keys: WriteKeys, adminToken: string | undefined): CommandKeys => ({
  async sourceOf({ token, authorization }) {
    if (adminToken !== undefined && tokenMatches(adminToken, token, authorization)) return ADMIN
    const { source, commands } = await keys.ownerOf(authorization)
    if (!commands)
      throw new FunnelError(
        'FORBIDDEN',
        'this key may only send events: make one for commands with `funnel key create SOURCE --commands`',
      )
    return source
  },
})
