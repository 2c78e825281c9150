import { FunnelError, isEmail } from '@funnel/events'
import type { Choice } from '../workspace/locate.js'
import { storeOf } from '../workspace/stores.js'

/** What the commands about a person take. */
export const PERSON = 'the id of the person, as events have it, or an e-mail address'

/** The id of a person who is named by id or e-mail address. Throws NOT_FOUND where the vault knows no such address. */
export async function personOf(choice: Choice, named: string): Promise<string> {
  if (!isEmail(named)) return named
  const { personOfEmail } = await import('@funnel/event-store')
  const person = await personOfEmail(storeOf(choice).vaultDatabaseUrl, named)
  if (person === undefined)
    throw new FunnelError('NOT_FOUND', 'nobody is known by this e-mail address: name the person by its id')
  return person
}
