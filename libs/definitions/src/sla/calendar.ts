import type { Calendar as Hours, Exception } from '@funnel/sla'
import type { Definition } from '../definitions.js'

/** When some people work, as both teams agree. A person that no calendar names has that of their team. */
export interface Calendar extends Definition, Pick<Hours, 'zone' | 'week' | 'holidays' | 'exceptions'> {
  readonly teams?: readonly string[]
  readonly people?: readonly { readonly person: string; readonly exceptions?: readonly Exception[] }[]
}
