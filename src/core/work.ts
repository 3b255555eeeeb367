import { type Context, currentContext, enter } from './context.ts'
import type { Load } from './cycle.ts'
import { Pins } from './pins.ts'
import type { Session } from './session.ts'
import type { Snapshot } from './snapshot.ts'

/** Work whose result others get as well, besides whoever has begun it: a load, a shared check. */
export class Work {
  readonly load: Load | undefined
  /** The work that this one is part of: a load that was started by a load. */
  readonly outer: Work | undefined
  /** What it goes by. Undefined when it is done: what still runs in its context, such as a timer, is no part of it. */
  pins: Pins | undefined
  #context: Context | undefined
  /** Whether something stale has gone into it, so that its result must not be kept as good. */
  tainted = false

  constructor(pins: Pins, load?: Load, outer?: Work) {
    this.pins = pins
    this.load = load
    this.outer = outer
  }

  /** A session that has begun in it is over when it is. */
  get isUnderWay(): boolean {
    const { pins, outer, load } = this
    return pins !== undefined && (outer === undefined || outer.load !== load || outer.isUnderWay)
  }

  /** Runs in the session of whoever has begun it. */
  run<R>(fn: () => R): R {
    const { session, sessionPins } = currentContext() ?? NOWHERE
    this.#context = { session, sessionPins, work: this, pins: this.pins }
    return enter(this.#context, fn)
  }

  end(): void {
    const pins = this.pins as Pins // nothing ends twice
    pins.root?.letGoOf(pins)
    this.pins = undefined
    const context = this.#context as Context // work that ends has run
    // What is read from now on is part of the session, and no more of the load, which wants to know of it.
    context.pins = this.load === undefined ? context.sessionPins : context.sessionPins?.watched(undefined)
  }
}

const NOWHERE = { session: undefined, sessionPins: undefined }

/**
 * A check that sessions share goes by pins of its own, since those of the session that happens to run it may be older
 * than what the others ask for. It has no load, and is part of none.
 *
 * @param snapshot the only one that it reads in, whatever session begins it.
 */
export function sharedCheck(snapshot: Snapshot | undefined): Work {
  return new Work(new Pins(snapshot))
}

/**
 * A load goes by what its session sees, so that in one session everything agrees as far as it can. Others who get its
 * result look at what it was made of:
 *
 *   1. session A calls `user`, and pins version 1 of it
 *   2. a writer commits version 2
 *   3. A calls `page` for the first time, and its load calls `user`: that is pinned, and gives version 1
 *   4. session B calls `page`, and joins that load: its stamps say version 1 of `user`, and B sees version 2, so it loads
 *
 * @param pins of the session; without one, of this call.
 * @param snapshot in which its own queries read.
 */
export function runLoad<R>(load: Load, pins: Pins, snapshot: Snapshot | undefined, fn: () => R): R {
  load.work = new Work(pins.watchedForLoad(snapshot), load, workUnderWay())
  return load.work.run(fn)
}

/** A session that begins within a load is part of that load. */
export function runSession<R>(session: Session, pins: Pins, fn: () => R): R {
  const outer = workUnderWay()
  const work = outer && new Work(pins.watched(pins.snapshot), outer.load, outer)
  return enter({ session, sessionPins: pins, work, pins: work?.pins ?? pins }, fn)
}

/** Work that is over is let go of: else a chain of timers that load would hold all that ever ran in it. */
function workUnderWay(): Work | undefined {
  const work = currentContext()?.work
  return work?.isUnderWay ? work : undefined
}
