import { appliedOf, inForce, type AppliedHistory, type Definition, type Definitions } from '@funnel/definitions'
import { totalOrder, type FunnelEvent, type Instant, type Recorded } from '@funnel/events'

/** The definitions in force at an instant. */
export type InForce = (instant: Instant) => Definitions

/** What a log says of the definitions, looked up anew for each instant; `base` where it says nothing. */
export function definitionsIn(records: readonly Recorded<FunnelEvent>[], base: Definitions): InForce {
  const log = records.toSorted(totalOrder)
  const history: AppliedHistory = {
    applied: log.flatMap((record) =>
      record.event.type === 'definition.applied' ? [appliedOf(record as Parameters<typeof appliedOf>[0])] : [],
    ),
    firstBusiness: log.find(({ event }) => /^(touchpoint|visitor|lead|handoff|deal|sla|insight)\./.test(event.type))
      ?.recorded,
  }
  const all = <T extends Definition>(kind: string, base: readonly T[], instant: Instant): T[] => {
    const applied = history.applied.map(({ definition }) => definition).filter((name) => name.startsWith(`${kind}/`))
    return [...new Set([...base.map(({ id }) => `${kind}/${id}`), ...applied])].flatMap(
      (name) =>
        (inForce(history, name, instant)?.content as T | undefined) ??
        base.find(({ id }) => `${kind}/${id}` === name) ??
        [],
    )
  }
  const lookUp = (instant: Instant): Definitions => ({
    ...base,
    funnel: (inForce(history, `funnel/${base.funnel.id}`, instant)?.content as Definitions['funnel']) ?? base.funnel,
    dimensions: all('dimension', base.dimensions, instant),
    teams: all('team', base.teams, instant),
  })
  const known = new Map<Instant, Definitions>()
  return (instant) => known.get(instant) ?? known.set(instant, lookUp(instant)).get(instant)!
}
