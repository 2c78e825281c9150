import { formatCount } from '../ask/format.js'
import type { Snapshot } from './gauge.js'

/** The panel in one line, for logs and pipes. */
export function plainLine({ perSecond, events, lag, watermarkAge, kpis, services }: Snapshot): string {
  const bad = services.filter(({ state }) => state !== 'ready').map(({ name, state }) => `${name} ${state}`)
  return [
    perSecond === undefined ? 'store not reached' : `${perSecond.toFixed(1)} events/s`,
    `${events === undefined ? '—' : formatCount(events)} events`,
    `lag ${lag === undefined ? '—' : formatCount(lag)}`,
    `watermark ${watermarkAge === undefined ? '—' : `${(watermarkAge / 1000).toFixed(1)} s`} behind`,
    ...kpis.map(({ title, value }) => `${title} ${value}`),
    ...bad,
  ].join(' · ')
}
