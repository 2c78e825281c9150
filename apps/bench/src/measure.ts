import { goals } from './goals.js'
import type { Settings } from './harness.js'

/**
 * Measures one goal: its name and settings as JSON in argv, its figure as JSON on stdout. A process of its own, because a
 * peer's library may change how the driver that we share reads numbers.
 */
const [name, settings] = process.argv.slice(2)
const measure = await goals[name!]!.measure()
process.stdout.write(JSON.stringify(await measure(JSON.parse(settings!) as Settings)))
process.exit(0)
