import type { Stage } from '@funnel/definitions'
import type { LeadRules } from '../lead/rules.js'
import { reasons } from './reasons.js'

const stage = (id: string, type: Stage['type'], owner: Stage['owner']): Stage => ({ id, name: id, type, owner })

/** A funnel that has stages of all types. */
export const leadRules: LeadRules = {
  stages: [
    stage('mql', 'open', 'marketing'),
    stage('sal', 'open', 'sales'),
    stage('sql', 'open', 'sales'),
    stage('opportunity', 'open', 'sales'),
    stage('customer', 'won', 'sales'),
    stage('nurture', 'recycled', 'marketing'),
    stage('disqualified', 'lost', 'sales'),
    stage('spam', 'lost', 'marketing'),
  ],
  reasons,
  acceptedStage: 'sal',
  convertedStage: 'opportunity',
}
