export { channelOf, type ChannelRule, type Channels, type Visit } from './channels/channels.js'
export { inWords } from './condition/in-words.js'
export { holds, type Condition, type FieldTest, type Scalar, type Value, type ValueOf } from './condition/condition.js'
export * from './definitions.js'
export { millisOf } from './duration.js'
export { asksForTeams, definitionHash, definitionsHash, foldHash } from './hash.js'
export { appliedOf, inForce, nothingApplied, withRecords, type Applied, type AppliedHistory } from './in-force.js'
export {
  kinds,
  type AllDefinitions,
  type DefinitionFile,
  type DefinitionFiles,
  type Kind,
  type KindOf,
} from './kinds.js'
export {
  defaultDefinitions,
  definitionFolders,
  loadAllDefinitions,
  loadDefinitions,
  readDefinitions,
  readDraft,
  readDrafts,
  type Draft,
} from './load.js'
export { readPlaced, type Path, type Placed } from './placed.js'
export { missingFor } from './qualification/missing.js'
export { qualifies, type Engagement, type LeadFacts, type Qualification } from './qualification/qualification.js'
export {
  ruleFor,
  territoryOf,
  type Queue,
  type Routing,
  type RoutingRule,
  type Team,
  type Territory,
} from './routing/routing.js'
export type { Calendar } from './sla/calendar.js'
export { hoursFor, hoursOf, timesOf } from './sla/hours.js'
export { periodAt } from './sla/period.js'
export {
  isPeriodic,
  type Escalation,
  type EventPattern,
  type LeadPolicy,
  type Party,
  type PeriodPolicy,
  type PolicyTerms,
  type SlaPolicy,
} from './sla/policy.js'
export { clockTerms, matches, termsFor } from './sla/terms.js'
export { always, rebased, versionsOf, type SomeDefinitions, type VersionHistory, type Versions } from './versions.js'
