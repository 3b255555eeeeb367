import { taintCaller } from './context.ts'
import { awaitCall } from './cycle.ts'
import type { Pin } from './pin.ts'
import type { Reads } from './reads.ts'
import type { Origin, Stamp } from './stamps.ts'

/** A call that a load makes. */
interface NestedCall {
  /** What the session has of it, or will have. */
  readonly pin: Pin
  /** What the load itself remembers of it, so that it has to tell of it once only. */
  readonly own: Pin | undefined
  readonly reads: Reads
  /** The arguments are as they were when it was made; nobody knows for how long. */
  begin(): void
  /** For the first who asks in the session. */
  ask(): unknown
  stampsOf(origin: Origin): Stamp[]
}

/** Gives what the session gets, and tells the load what it was made of: before the loader has it, so before it goes on. */
export function readInLoad({ pin, own, reads, begin, ask, stampsOf }: NestedCall): unknown {
  const turn = reads.begin()
  const note = (): void => {
    const { origin } = pin
    if (pin.tainted) taintCaller()
    if (origin === undefined || pin.tainted) reads.spoil()
    else reads.end(turn, stampsOf(origin), origin)
  }
  const fail = (): void => {
    own?.letGo()
    note()
  }
  own?.open()
  try {
    begin()
    const outcome = pin.isTaken ? join(pin) : ask()
    if (outcome instanceof Promise) outcome.then(note, fail)
    else note()
    own?.hold(outcome)
    return outcome
  } catch (error) {
    fail()
    throw error
  }
}

function join(pin: Pin): unknown {
  awaitCall(pin)
  return pin.give()
}
