import { testsOf, type Condition } from '../condition/condition.js'
import type { Funnel } from '../definitions.js'
import type { DefinitionFiles } from '../kinds.js'
import type { Path, Placed } from '../placed.js'
import type { Routing, Team } from './routing.js'

/** Who and what teams, territories, queues and routing name must exist, and every lead must come to somebody. */
export function checkRouting(files: DefinitionFiles, { stages }: Funnel): string[] {
  const teams = files.team.map(({ value }) => value)
  const people = [...new Set(teams.flatMap(({ manager, members }) => [manager, ...members]))].toSorted()
  const known = {
    stage: stages.map(({ id }) => id),
    team: teams.map(({ id }) => id),
    territory: files.territory.map(({ value }) => value.id),
    queue: files.queue.map(({ value }) => value.id),
  }
  const exists = <T>({ at }: Placed<T>, path: Path, kind: keyof typeof known, id: string): string[] =>
    known[kind].includes(id)
      ? []
      : [`${at(path)}: there is no ${kind} ${id}; there are ${known[kind].join(', ') || 'none'}`]
  const isPerson = <T>({ at }: Placed<T>, path: Path, id: string): string[] =>
    people.includes(id) ? [] : [`${at(path)}: ${id} is in no team; there are ${people.join(', ') || 'none'}`]

  return [
    ...checkTeams(files.team),
    ...files.territory.flatMap((territory) => exists(territory, ['team'], 'team', territory.value.team)),
    ...files.queue.flatMap((queue) => [
      ...twiceIn(
        queue,
        queue.value.members.map(({ member }) => member),
        (i) => ['members', i, 'member'],
      ),
      ...queue.value.members.flatMap(({ member }, i) => isPerson(queue, ['members', i, 'member'], member)),
    ]),
    ...files.routing.flatMap((routing, i) => {
      const { stage, rules } = routing.value
      const other = files.routing.slice(0, i).find(({ value }) => value.stage === stage)
      return [
        ...exists(routing, ['stage'], 'stage', stage),
        ...(other ? [`${routing.at(['stage'])}: ${other.value.id} routes leads of ${stage} already`] : []),
        ...rules.flatMap(({ where, queue, fallback }, j) => [
          ...territoriesIn(where).flatMap(({ id, path }) =>
            exists(routing, ['rules', j, 'where', ...path], 'territory', id),
          ),
          ...exists(routing, ['rules', j, 'queue'], 'queue', queue),
          ...isPerson(routing, ['rules', j, 'fallback'], fallback),
        ]),
        ...checkLast(routing),
      ]
    }),
  ]
}

/** A person is in one team, once; a manager may lead several. */
function checkTeams(teams: readonly Placed<Team>[]): string[] {
  return teams.flatMap((team, i) => [
    ...twiceIn(team, team.value.members, (j) => ['members', j]),
    ...team.value.members.flatMap((member, j) => {
      const other = teams.slice(0, i).find(({ value }) => value.members.includes(member))
      return other ? [`${team.at(['members', j])}: ${member} is in the team ${other.value.id} already`] : []
    }),
  ])
}

/** The last rule takes every lead, and only the last one does. */
function checkLast({ value: { rules }, at }: Placed<Routing>): string[] {
  return rules.flatMap(({ where }, i) => {
    const last = i === rules.length - 1
    if (where && last) return [`${at(['rules', i, 'where'])}: the last rule must take every lead: leave its where out`]
    return where || last ? [] : [`${at(['rules', i])}: a rule without where takes every lead: it must be the last one`]
  })
}

const twiceIn = <T>({ at }: Placed<T>, ids: readonly string[], pathOf: (i: number) => Path): string[] =>
  ids.flatMap((id, i) => (ids.indexOf(id) < i ? [`${at(pathOf(i))}: ${id} is listed twice`] : []))

/** The territories that a condition asks for by name. */
const territoriesIn = (where: Condition | undefined): { readonly id: string; readonly path: Path }[] =>
  (where ? testsOf(where) : [])
    .filter(({ test }) => test.field === 'territory')
    .flatMap(({ test, path }) => [
      ...(test.is === undefined ? [] : [{ id: String(test.is), path: [...path, 'is'] }]),
      ...(test.in ?? []).map((id, i) => ({ id: String(id), path: [...path, 'in', i] })),
    ])
