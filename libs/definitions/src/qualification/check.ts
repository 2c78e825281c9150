import type { Funnel } from '../definitions.js'
import type { Placed } from '../placed.js'
import { touchesOfTheLead, type Qualification } from './qualification.js'

/** A rule leads to an open stage, and counts only what the lead itself does. */
export function checkQualification(
  { value: { stage, engagement }, at }: Placed<Qualification>,
  { stages }: Funnel,
): string[] {
  const open = stages.filter(({ type }) => type === 'open').map(({ id }) => id)
  return [
    ...(open.includes(stage)
      ? []
      : [`${at(['stage'])}: there is no open stage ${stage}; there are ${open.join(', ')}`]),
    ...Object.entries(engagement).flatMap(([name, ways]) =>
      ways.flatMap(({ event, kind }, i) => {
        if (event !== 'touchpoint.recorded') return []
        const path = ['engagement', name, i]
        const kinds = touchesOfTheLead.join(', ')
        if (!kind) return [`${at(path)}: name the kinds of touch that count: ${kinds}`]
        return kind.flatMap((one, j) =>
          touchesOfTheLead.includes(one)
            ? []
            : [
                `${at([...path, 'kind', j])}: a touch of kind ${one} shows no interest of the lead; ${kinds} do, and an answer is a lead.engaged`,
              ],
        )
      }),
    ),
  ]
}
