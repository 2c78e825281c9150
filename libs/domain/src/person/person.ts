import { addressOf, FunnelError } from '@funnel/events'
import type { Decided, Decider } from '../decider.js'
import type { PersonCommand } from './commands.js'
import { evolvePerson, type PersonState } from './state.js'

/**
 * What can be decided about a person.
 *
 * - A merge makes an id another name of a person. An id that is absorbed neither absorbs nor is absorbed again, so ids
 *   never stand for one another in a circle; a person that has absorbed others may be absorbed with them.
 * - Only a pair that stands merged is un-merged; what the one that is let go had absorbed goes with it.
 * - A person is matched to a company, and erased, by no event where that is so already.
 */
export const personDecider: Decider<PersonCommand, PersonState> = {
  initialState: new Map(),
  evolve: evolvePerson,
  decide: (command, state) => {
    switch (command.type) {
      case 'person.merge':
        return merge(command, state)
      case 'person.unmerge':
        return unmerge(command, state)
      case 'person.match-account':
        return matchAccount(command, state)
      case 'person.erase': {
        const { person } = command
        return state.get(person)?.erased ? [] : [{ type: 'person.erased', data: { person } }]
      }
    }
  },
}

/** The streams that a decision about a person rests on; the first is that of the person that stays. */
export const personStreams = (command: PersonCommand): readonly string[] =>
  ('absorbed' in command ? [command.person, command.absorbed] : [command.person]).map(
    (key) => addressOf('person', key).stream,
  )

type OfType<Type extends PersonCommand['type']> = Extract<PersonCommand, { readonly type: Type }>

function merge({ person, absorbed, because }: OfType<'person.merge'>, state: PersonState): Decided[] {
  if (person === absorbed)
    throw new FunnelError('INVALID', `${person} cannot absorb itself: name two ids`, { field: 'absorbed' })
  const into = state.get(absorbed)?.into
  if (into === person) return []
  if (into !== undefined)
    throw new FunnelError('REJECTED', `${absorbed} is absorbed into ${into}: merge that one, or un-merge them first`, {
      person: absorbed,
      into,
    })
  const above = state.get(person)?.into
  if (above !== undefined)
    throw new FunnelError('REJECTED', `${person} is absorbed into ${above}: merge into that one`, {
      person,
      into: above,
    })
  const reasons = because && { because: [...because] }
  return [
    { type: 'person.merged', data: { person, absorbed, ...reasons } },
    { type: 'person.absorbed', data: { person: absorbed, into: person, ...reasons } },
  ]
}

function unmerge({ person, absorbed, reason }: OfType<'person.unmerge'>, state: PersonState): Decided[] {
  const into = state.get(absorbed)?.into
  if (into !== person)
    throw new FunnelError(
      'REJECTED',
      `${absorbed} is not absorbed into ${person}${into === undefined ? '' : ` but into ${into}`}`,
      { person: absorbed, ...(into === undefined ? {} : { into }) },
    )
  const why = reason === undefined ? {} : { reason }
  return [
    { type: 'person.unmerged', data: { person, absorbed, ...why } },
    { type: 'person.released', data: { person: absorbed, from: person, ...why } },
  ]
}

function matchAccount(command: OfType<'person.match-account'>, state: PersonState): Decided[] {
  const { person, account, rule, ruleVersion, fields, because } = command
  if (state.get(person)?.account === account) return []
  return [
    {
      type: 'person.account-matched',
      data: { person, account, rule, ruleVersion, fields: [...fields], ...(because && { because: [...because] }) },
    },
  ]
}
