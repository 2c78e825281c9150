import { statSync } from 'node:fs'
import type { Draft } from '@funnel/definitions'
import { FunnelError, type Recorded } from '@funnel/events'
import type { Replay } from '@funnel/reactor'
import { say } from '../cli/print.js'
import { style } from '../cli/style.js'
import { parseTime } from '../cli/time.js'
import { eventProgress } from '../upkeep/progress.js'
import type { Choice } from '../workspace/locate.js'
import { storeOf } from '../workspace/stores.js'

const PAGE = 5000

export interface ReplayFlags extends Choice {
  readonly json?: boolean
  readonly from?: string
  readonly to?: string
}

/**
 * Replays the log of a workspace under the drafts among some paths, of these kinds; folders among them are added to those
 * of the workspace. Tells its progress. Throws INVALID for what is none, and with every mistake in the definitions.
 */
export async function replayUnder<Found>(
  paths: readonly string[],
  kinds: readonly Draft['kind'][],
  flags: ReplayFlags,
  work: (replay: Replay) => Promise<Found>,
): Promise<{ readonly drafts: readonly Draft[]; readonly found: Found }> {
  const { databaseUrl, definitions: folders, name } = storeOf(flags)
  if (!flags.json) say(style('dim', name, process.stderr))
  const now = Date.now()
  const instant = (text: string | undefined, option: string) =>
    text === undefined ? undefined : parseTime(text, option, now).getTime()
  const [from, to] = [instant(flags.from, '--from'), instant(flags.to, '--to')]
  const isFolder = (path: string) => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
  const { files = [], more = [] } = Object.groupBy(paths, (path) => (isFolder(path) ? 'more' : 'files'))
  if (!files.length)
    throw new FunnelError('INVALID', `${more.join(', ')}: is a folder; name the file of a draft, too`, {
      folders: more,
    })
  const [{ createPool }, { postgresEventTail }, { definitionFolders, loadAllDefinitions, readDrafts }, events] =
    await Promise.all([
      import('@funnel/platform'),
      import('@funnel/event-log'),
      import('@funnel/definitions'),
      import('@funnel/events'),
    ])
  const known = definitionFolders(folders)
  const { drafts, definitions: drafted } = readDrafts(files, kinds, [...known, ...more])
  const store = createPool(databaseUrl, 'funnel-whatif', 1)
  const progress = eventProgress('replay', flags.json === true)
  try {
    const tail = postgresEventTail(store)
    const head = await tail.heads()
    const total = events.distance({}, head.positions)
    const pages = async function* (): AsyncGenerator<readonly Recorded[]> {
      let place = {}
      for (let done = 0; done < total;) {
        const page = await tail.read(place, head.positions, PAGE)
        if (!page.length) return
        yield page
        place = events.advance(place, page)
        progress.update({ done: (done += page.length), total })
      }
    }
    const definitions = loadAllDefinitions(known)
    return { drafts, found: await work({ pages: pages(), w: head.w, definitions, drafts, drafted, from, to }) }
  } finally {
    progress.stop()
    await store.end()
  }
}

/** Which drafts, as JSON. */
export const named = (drafts: readonly Draft[]) =>
  drafts.map(({ kind, value: { id, version } }) => ({ kind, id, version }))
