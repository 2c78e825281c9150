import { dirname } from 'node:path'
import { style } from '../cli/style.js'
import { dataDirOption, type Folder } from '../workspace/folders.js'
import { allRunning, optionsFor } from '../workspace/locate.js'
import type { WorkspaceState } from '../workspace/state.js'
import { baseBeside } from './ports.js'

/** A curl that sends a first event; run twice it counts once. */
export const firstEvent = ({ urls, writeKey }: WorkspaceState): string =>
  [
    `curl -sS ${urls.ingest}/v1/events \\`,
    `  -H 'authorization: Bearer ${writeKey ?? '$WRITE_KEY'}' -H 'content-type: application/json' \\`,
    `  -d '{ "type": "lead.captured", "id": "signup-1", "data": { "lead": "lead-a1", "person": "person-a1", "properties": { "origin": "webinar" } } }'`,
  ].join('\n')

/** Where everything is and what to try next. */
export function banner(state: WorkspaceState, folder: Folder, stream: NodeJS.WriteStream = process.stderr): string {
  const bold = (text: string) => style('bold', text, stream)
  const dim = (text: string) => style('dim', text, stream)
  const rows = [
    ['events in', `${state.urls.ingest}/v1/events`, 'HTTP'],
    ['commands', `${state.urls.ingest}/v1/commands`, `HTTP; gRPC at ${state.urls.commands}`],
    ['questions', state.urls.query, 'gRPC, with reflection'],
    ['write key', state.writeKey ?? '', 'sends events'],
    ['command key', state.commandKey ?? '', 'gives commands'],
    ['database', state.embeddedPostgres ? 'embedded PostgreSQL' : 'DATABASE_URL', databaseOf(state.databaseUrl)],
    [
      'log',
      state.kafkaBrokers ? `Kafka ${state.kafkaBrokers}` : 'PostgreSQL',
      state.kafkaBrokers ? `topics ${state.kafkaTopicPrefix ?? ''}funnel.*.v1` : 'no Kafka',
    ],
    ['files', folder.path, 'data and logs/'],
  ]
  const option = optionsFor(folder)
  const tries = state.demo
    ? [
        `npx funnel kpi win-rate --by channel${option}`,
        `npx funnel kpi acceptance-rate --by campaign${option}`,
        `npx funnel kpi open-pipeline --known-at 30d${option}`,
        `npx funnel journey lead lead-100${option}`,
        `npx funnel sla clocks --overdue${option}`,
        `npx funnel explain won-revenue --limit 5${option}`,
        `npx funnel verify${option}`,
      ]
    : [`npx funnel tail${option}`, `npx funnel kpi leads --by origin${option}`]
  return [
    '',
    `${bold(`Funnel · workspace ${state.workspace}`)} ${state.demo ? dim(`a fictional company, simulated until ${state.simulatedUntil ?? 'now'}, live since`) : dim('your own data')}`,
    '',
    ...rows.map(([name, value, note]) => `  ${dim(name!.padEnd(10))} ${value}${note ? `  ${dim(note)}` : ''}`),
    '',
    state.demo ? `  ${dim('send an event of your own:')}` : `  ${bold('waiting for the first event:')}`,
    '',
    ...firstEvent(state)
      .split('\n')
      .map((line) => `  ${line}`),
    '',
    `  ${dim('then, in another terminal:')}`,
    '',
    ...tries.map((line) => `  ${line}`),
    `  grpcurl -plaintext${state.token === undefined ? '' : ' -H "authorization: Bearer $FUNNEL_TOKEN"'} -d '{"question":{"kpi":"leads"}}' ${state.urls.query} funnel.v1.KpiService/QueryKpi`,
    ...(state.demo
      ? [
          '',
          `  ${dim('your own data:')} npm start -- --workspace ${state.workspace === 'mine' ? 'ours' : 'mine'} --port-base ${baseBeside(portsTaken(state, folder))}${dataDirOption(folder)}`,
        ]
      : []),
    '',
  ].join('\n')
}

/** What the banner ends with where the workspace runs in the background. */
export const inBackground = (folder: Folder): string =>
  `  running in the background; stop it with \`npx funnel down${optionsFor(folder)}\``

/** The ports of this workspace and of all that run beside it. */
const portsTaken = (state: WorkspaceState, folder: Folder): number[] =>
  [state, ...allRunning(dirname(folder.path)).map((running) => running.state)].flatMap(({ urls, services }) =>
    [...Object.values(urls), ...services.flatMap(({ url, health }) => [url ?? '', health ?? ''])].flatMap((url) =>
      Number(/:(\d+)$/.exec(url)?.[1] ?? []),
    ),
  )

const databaseOf = (url: string): string => {
  try {
    const { hostname, port, pathname } = new URL(url)
    return `${hostname}:${port || 5432}${pathname}`
  } catch {
    return ''
  }
}
