import { type Context, currentContext, enter } from './context.ts'
import type { Load } from './cycle.ts'
import { Pins } from './pins.ts'
import type { Session } from './session.ts'
import type { Snapshot } from './snapshot.ts'

/**
 * Work whose result several sessions get: a load, a shared check. It goes by pins of its own, since those of the
 * session that happens to run it may be older than the version that the others go by:
 *
 *   1. session A calls `user`, and pins version 1 of it
 *   2. a writer commits version 2
 *   3. A calls `page` for the first time, reads version 2, and its load calls `user`
 *   4. session B calls `page`, reads version 2, and gets what that load has brought: no version 1 may be in it
 */
export class Work {
  readonly load: Load | undefined
  /** The work that this one is part of: a load that was started by a load. */
  readonly outer: Work | undefined
  /** Undefined when the work is done: what still runs in its context, such as a timer, is no part of it. */
  pins: Pins | undefined
  #context: Context | undefined
  /** Whether something stale has gone into it, so that its result must not be kept as good. */
  tainted = false

  /**
   * A check that sessions share has no load, and is part of none.
   *
   * @param snapshot the only one that it reads in, whatever session begins it: what others get too, must be current.
   */
  constructor(snapshot: Snapshot | undefined, load?: Load, outer?: Work) {
    this.pins = new Pins(snapshot)
    this.load = load
    this.outer = outer
  }

  /** Runs in the session of whoever has begun it. */
  run<R>(fn: () => R): R {
    const { session, sessionPins } = currentContext() ?? NOWHERE
    this.#context = { session, sessionPins, work: this, pins: this.pins }
    return enter(this.#context, fn)
  }

  end(): void {
    this.pins = undefined
    const context = this.#context as Context // work that ends has run
    context.pins = context.sessionPins
  }
}

const NOWHERE = { session: undefined, sessionPins: undefined }

/** A session that begins within a load sees what is current when it begins, so it has pins of its own there too. */
export function runSession<R>(session: Session, pins: Pins, fn: () => R): R {
  const outer = workUnderWay()
  const work = outer && new Work(pins.snapshot, outer.load, outer)
  return enter({ session, sessionPins: pins, work, pins: work?.pins ?? pins }, fn)
}

export function runLoad<R>(load: Load, fn: () => R, snapshot: Snapshot | undefined): R {
  load.work = new Work(snapshot, load, workUnderWay())
  return load.work.run(fn)
}

/** Work that is over is let go of: else a chain of timers that load would hold all that ever ran in it. */
function workUnderWay(): Work | undefined {
  const work = currentContext()?.work
  return work?.pins && work
}
