import { createHash } from 'node:crypto'
import { canonicalJson } from '@funnel/events'
import type { Definitions } from './definitions.js'

/** Names the definitions by their content: equal content, equal hash. */
export const definitionsHash = (definitions: Definitions): string => hash(definitions)

/** What the fold depends on: a change of it needs a rebuild, a change of KPIs alone does not. */
export const foldHash = ({ funnel, dimensions }: Definitions): string => hash({ funnel, dimensions })

const hash = (content: unknown): string => createHash('sha256').update(canonicalJson(content)).digest('hex')
