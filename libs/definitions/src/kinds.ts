import type { Channels } from './channels/channels.js'
import type { Approvals, Definitions, Dimension, Funnel, Kpi, Taxonomy } from './definitions.js'
import type { Placed } from './placed.js'
import type { Qualification } from './qualification/qualification.js'
import type { Calendar } from './sla/calendar.js'
import type { SlaPolicy } from './sla/policy.js'
import type { Queue, Routing, Team, Territory } from './routing/routing.js'

/** The kinds of definitions. `<kind>/<id>` names a definition. */
export interface KindOf {
  funnel: Funnel
  dimension: Dimension
  kpi: Kpi
  reasons: Taxonomy
  qualification: Qualification
  team: Team
  territory: Territory
  queue: Queue
  routing: Routing
  channels: Channels
  calendar: Calendar
  sla: SlaPolicy
}
export type Kind = keyof KindOf

/** Where a folder of definitions has those of a kind: in files of a folder, or in one file, of which the last folder's counts. */
export const filesOf = {
  funnel: 'funnel.yaml',
  dimension: 'dimensions/*.yaml',
  kpi: 'kpis/*.yaml',
  reasons: 'reasons/*.yaml',
  qualification: 'qualification/*.yaml',
  team: 'teams/*.yaml',
  territory: 'territories/*.yaml',
  queue: 'queues/*.yaml',
  routing: 'routing/*.yaml',
  channels: 'channels.yaml',
  calendar: 'calendars/*.yaml',
  sla: 'sla/*.yaml',
} as const satisfies Record<Kind, string>
export const kinds = Object.keys(filesOf) as readonly Kind[]

/** A definition as its file has it, and who approved it so far: a draft, until both teams did. */
export interface DefinitionFile<T> extends Placed<T> {
  readonly approved: Approvals
}

/** All that was found, by kind, each in the order of its ids. */
export type DefinitionFiles = { readonly [K in Kind]: readonly DefinitionFile<KindOf[K]>[] }

/** Everything that is agreed on, as plain JSON: what the numbers depend on, and what decisions are made by. */
export interface AllDefinitions extends Definitions {
  readonly reasons: readonly Taxonomy[]
  readonly qualifications: readonly Qualification[]
  readonly territories: readonly Territory[]
  readonly queues: readonly Queue[]
  readonly routings: readonly Routing[]
  readonly channels?: Channels
  readonly calendars: readonly Calendar[]
  readonly policies: readonly SlaPolicy[]
}
