import { compile, holidaysOf, type Calendar } from '@funnel/sla'
import { compare, spread, stopwatch, type Figure, type Settings } from '../harness.js'
import { dayjsBusinessTime } from '../peers/dayjs-business-time.js'
import { minuteWalker } from '../peers/minute-walker.js'

const MINUTE = 60_000
const DAY = 86_400_000
const ZONE = 'Europe/Berlin'
const holidays = { country: 'DE', region: 'BE' }
const [FROM, TO] = [2026, 2029]
const office = [
  { from: '08:00', to: '12:00' },
  { from: '13:30', to: '18:00' },
]
const calendar: Calendar = {
  id: 'berlin',
  version: 1,
  zone: ZONE,
  week: { mon: office, tue: office, wed: office, thu: office, fri: office },
  holidays,
}
/** The same, from Sunday on. */
const week = [[], office, office, office, office, office, []]
/** What promises take: from a quarter of an hour to two weeks of work. */
const BUDGETS = [15, 60, 120, 240, 480, 960, 2400, 4800]
/** One in so many of our questions is asked of the others, and of all of them before. */
const SHARE = 100

interface Question {
  readonly from: number
  readonly minutes: number
}

/**
 * G10c: due times in business hours: when a budget is used up that begins at some instant, by a calendar with a break at
 * noon, weekends, holidays and daylight saving. Throws unless all contestants give the same answers.
 */
export async function dueTimes({ events: count, rounds }: Settings): Promise<Figure> {
  // the others know no zone but this one
  process.env['TZ'] = ZONE
  const asked = questions(count)
  const some = asked.slice(0, Math.ceil(count / SHARE))
  const off = daysOff()
  const ours = compile(calendar)
  const walk = minuteWalker(
    week.map((windows) => windows.map(({ from, to }) => [minuteOf(from), minuteOf(to)] as const)),
    new Set(off),
  )
  const library = dayjsBusinessTime(week, off)
  const first = Array.from({ length: Math.max(rounds, 3) }, () => {
    const start = performance.now()
    compile(calendar).add(asked[0]!.from, MINUTE)
    return performance.now() - start
  })
  for (const { from, minutes } of some) {
    const due = ours.add(from, minutes * MINUTE)
    for (const [who, other] of Object.entries({ walker: walk(from, minutes), library: library(from, minutes) }))
      if (other !== due)
        throw new Error(
          `${minutes} minutes from ${new Date(from).toISOString()}: ${new Date(due).toISOString()}, by the ${who} ${new Date(other).toISOString()}`,
        )
  }
  const contestant = (name: string, all: readonly Question[], add: (from: number, minutes: number) => number) => ({
    name,
    run: () => {
      const stop = stopwatch()
      let sum = 0
      for (const { from, minutes } of all) sum += add(from, minutes)
      if (!Number.isFinite(sum)) throw new Error(`${name} gave no number`)
      return Promise.resolve(stop(all.length))
    },
  })
  const figure = await compare({
    what: 'due times in business hours',
    unit: 'due times/s',
    rounds,
    ours: contestant('funnel', asked, (from, minutes) => ours.add(from, minutes * MINUTE)),
    peers: [contestant('dayjs-business-time', some, library), contestant('walking from minute to minute', some, walk)],
    notes: [
      `an office in ${ZONE} with a break at noon and the holidays of Berlin; starts at any minute of ${FROM} to ${TO - 1}, budgets of 15 minutes to 80 hours; the answers are the same for all, which is checked before`,
      'ours keeps the windows of the years that it was asked for, which are there from the first answer on, and counts milliseconds, also over midnight; the others ask the clock in the zone of this process, and for whole minutes: from half past a minute on the library is wrong by half a minute where a window ends',
      'the first answer of ours: a calendar that is compiled, with the windows of a year',
    ],
  })
  return { ...figure, latencies: { 'the first answer': spread(first) } }
}

/** Starts and budgets, the same in every run. */
function questions(count: number): readonly Question[] {
  const [first, end] = [Date.UTC(FROM, 0), Date.UTC(TO, 0)]
  let state = 1
  const draw = (below: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
  return Array.from({ length: count }, () => ({
    from: first + draw((end - first) / MINUTE) * MINUTE,
    minutes: BUDGETS[draw(BUDGETS.length)]!,
  }))
}

/** The holidays of the years in question and the one after, as `2026-12-25`. */
const daysOff = (): string[] =>
  Array.from({ length: TO - FROM + 1 }, (_, i) => [...holidaysOf(holidays, FROM + i)])
    .flat()
    .map((day) => new Date(day * DAY).toISOString().slice(0, 10))

const minuteOf = (time: string): number => {
  const [hours, minutes] = time.split(':').map(Number) as [number, number]
  return hours * 60 + minutes
}
