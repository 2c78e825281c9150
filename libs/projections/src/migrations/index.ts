import { migrate } from '@funnel/platform'
import { Read1764000000001 } from './1764000000001-read.js'
import { Rollups1764000000002 } from './1764000000002-rollups.js'
import { TimedRolls1764000000003 } from './1764000000003-timed-rolls.js'
import { Journeys1764000000005 } from './1764000000005-journeys.js'
import { Versions1764000000006 } from './1764000000006-versions.js'
import { Clocks1764000000007 } from './1764000000007-clocks.js'
import { ClockParents1764000000008 } from './1764000000008-clock-parents.js'
import { EntryColumns1764000000009 } from './1764000000009-entry-columns.js'
import { Total1764000000010 } from './1764000000010-total.js'
import { NodeAccounts1764000000011 } from './1764000000011-node-accounts.js'
import { RollSlices1764000000012 } from './1764000000012-roll-slices.js'
import { Rolled1764000000013 } from './1764000000013-rolled.js'
import { TookRolls1764000000014 } from './1764000000014-took-rolls.js'
import { Cohorts1764000000015 } from './1764000000015-cohorts.js'
import { ClassRolls1764000000016 } from './1764000000016-class-rolls.js'
import { ValueRolls1764000000017 } from './1764000000017-value-rolls.js'
import { FactsApart1764000000020 } from './1764000000020-facts-apart.js'
import { Shape1764000000021 } from './1764000000021-shape.js'

/** Brings the schema `read` up to date. Safe to run again and from several processes. */
export const migrateRead = (url: string): Promise<void> =>
  migrate(url, 'read', [
    Read1764000000001,
    Rollups1764000000002,
    TimedRolls1764000000003,
    Journeys1764000000005,
    Versions1764000000006,
    Clocks1764000000007,
    ClockParents1764000000008,
    EntryColumns1764000000009,
    Total1764000000010,
    NodeAccounts1764000000011,
    RollSlices1764000000012,
    Rolled1764000000013,
    TookRolls1764000000014,
    Cohorts1764000000015,
    ClassRolls1764000000016,
    ValueRolls1764000000017,
    FactsApart1764000000020,
    Shape1764000000021,
  ])
