import { matchKeys, type Workplace } from '@funnel/domain'
import type { LeadKept } from './kept.js'

/** The properties of a lead that tell where its person works. */
const WORKPLACE = ['domain', 'company'] as const

type Properties = Readonly<Record<string, unknown>>

/** Where somebody works, as far as these properties tell. */
export const workplaceIn = (properties: Properties): Workplace =>
  Object.fromEntries(
    WORKPLACE.flatMap((name) => {
      const value = Object.hasOwn(properties, name) ? properties[name] : undefined
      return typeof value === 'string' ? [[name, value]] : []
    }),
  )

/** Where the person of a lead works, as the lead tells now. */
export const workplaceOf = ({ fields }: LeadKept): Workplace =>
  workplaceIn(Object.fromEntries(WORKPLACE.map((name) => [name, fields[`properties.${name}`]?.value])))

/** What a workplace is kept under. */
export const placesOf = ({ domain, company }: Workplace): readonly string[] =>
  matchKeys({ ...(domain !== undefined && { domains: [domain] }), ...(company !== undefined && { company }) })

/** What the workplace is kept under that these properties tell of. */
export const placesIn = (properties: Properties): readonly string[] => placesOf(workplaceIn(properties))
