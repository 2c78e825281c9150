import { clickIds } from '@funnel/events'
import { condition, conditionsOver } from '../condition/schema.js'
import { definition, domain, id, list, object, text } from '../schema-parts.js'

export const channelsSchema = {
  $defs: conditionsOver(
    `^(referrer|utm_[a-z_]+|${clickIds.join('|')})$`,
    `referrer, a utm_ parameter or one of ${clickIds.join(', ')}; the others are not kept`,
  ),
  ...definition({
    ignore: { type: 'array', items: domain },
    rules: list(object({ where: condition, channel: id, campaign: text }, ['campaign'])),
  }),
}
