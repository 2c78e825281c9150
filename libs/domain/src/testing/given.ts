import { expect } from '@jest/globals'
import { FunnelError, type ErrorCode } from '@funnel/events'
import { evolved, type Decider } from '../decider.js'

/** Specs of a decider that read as sentences: `given(…events).when(command).then(…events)`. */
export const specOf = <Command, State, Event>(decider: Decider<Command, State, Event>) => ({
  given: (...events: readonly Event[]) => ({
    when: (command: Command) => {
      const decide = () => decider.decide(command, evolved(decider, events))
      return {
        // oxlint-disable-next-line unicorn/no-thenable -- given, when, then
        then: (...expected: readonly Event[]) => expect(decide()).toEqual(expected),
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
