import { printJson } from '../cli/print.js'
import type { Command } from 'commander'
import { ListKpisResponse } from '@funnel/query-api'
import { workspaceCommand } from '../cli/command.js'
import { style } from '../cli/style.js'
import { table } from '../cli/table.js'
import type { Choice } from '../workspace/locate.js'
import { ask } from './door.js'
import { footer, show } from './footer.js'
import { formatUnit } from './format.js'

/** `funnel kpis`: what can be asked, with its definitions. */
export const kpisCommand = (): Command =>
  workspaceCommand('kpis', 'list the KPIs and dimensions with their definitions', [
    'npx funnel kpis',
    'npx funnel kpis --json',
  ]).action(async (flags: Choice & { json?: boolean }) =>
    ask(flags, flags.json === true, async (client) => {
      const response = await client.listKpis({})
      if (flags.json) return printJson(ListKpisResponse.toJSON(response))
      const { kpis, dimensions, basis } = response
      const dim = (text: string) => style('dim', text)
      const kpiTable = table(
        [{ title: 'kpi' }, { title: 'unit' }, { title: 'of' }, { title: 'definition' }],
        kpis.map(({ id, version, unit, grain, description }) => [
          `${id}@${version}`,
          formatUnit(unit),
          grain,
          description,
        ]),
        dim,
      )
      const dimensionTable = table(
        [{ title: 'dimension' }, { title: 'of' }, { title: 'definition' }],
        dimensions.map(({ id, version, subjects, description }) => [
          `${id}@${version}`,
          subjects.join(', '),
          description,
        ]),
        dim,
      )
      show(`${kpiTable}\n\n${dimensionTable}`, footer(basis))
    }),
  )
