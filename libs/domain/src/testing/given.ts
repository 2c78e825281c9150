import { expect } from '@jest/globals'
import { FunnelError, type ErrorCode, type Instant } from '@funnel/events'
import { evolved, type Decided, type Decider, type Happened } from '../decider.js'

/** When things happen in specs that do not say: noon of 5 January 2026. */
export const NOON: Instant = Date.UTC(2026, 0, 5, 12)

/**
 * Specs of a decider that read as sentences: `given(…events).when(command).then(…events)`. Events without a time happened
 * at noon; a command without one is given then, too.
 */
export const specOf = <Command, State>(decider: Decider<Command, State>) => ({
  given: (...events: readonly (Decided | Happened)[]) => ({
    when: (command: Command, at: Instant = NOON) => {
      const before = events.map((event): Happened => ({ at: NOON, ...event }))
      const decide = () => decider.decide(command, evolved(decider, before), at)
      return {
        // oxlint-disable-next-line unicorn/no-thenable -- given, when, then
        then: (...expected: readonly Decided[]) => expect(decide()).toEqual(expected),
        /** There is nothing to do: no event. */
        thenNothing: () => expect(decide()).toEqual([]),
        /** The command is refused with this code and a message that says so. */
        thenRefused: (code: ErrorCode, message: RegExp) => {
          let refused: unknown
          try {
            decide()
          } catch (error) {
            refused = error
          }
          expect(refused).toBeInstanceOf(FunnelError)
          expect(refused).toMatchObject({ code, message: expect.stringMatching(message) })
        },
      }
    },
  }),
})
