import { testsOf } from '../condition/condition.js'
import type { Placed } from '../placed.js'
import type { Channels } from './channels.js'

/** Values are compared in lower case, so what a rule compares them with must be. */
export const checkChannels = ({ value: { rules }, at }: Placed<Channels>): string[] =>
  rules.flatMap(({ where }, i) =>
    testsOf(where, ['rules', i, 'where']).flatMap(({ test, path }) =>
      [test.is, ...(test.in ?? []), ...(test.starts_with ?? [])].flatMap((text) =>
        typeof text !== 'string' || text === text.toLowerCase()
          ? []
          : [`${at([...path, 'field'])}: ${test.field} is compared in lower case: write ${text.toLowerCase()}`],
      ),
    ),
  )
