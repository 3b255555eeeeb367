import { currentContext, enter } from './context.ts'
import type { Load } from './dependencies.ts'
import { Pins } from './pins.ts'
import type { Session } from './session.ts'

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
  pins: Pins | undefined = new Pins()
  /** Whether something stale has gone into it, so that its result must not be kept as good. */
  tainted = false

  constructor(load: Load | undefined, outer: Work | undefined) {
    this.load = load
    this.outer = outer
  }

  end(): void {
    this.pins = undefined
  }
}

/** A session that begins within a load sees what is current when it begins, so it has pins of its own there too. */
export function runSession<R>(session: Session, fn: () => R): R {
  const outer = workUnderWay()
  return enter({ session, work: outer && new Work(outer.load, outer) }, fn)
}

export function runLoad<R>(load: Load, fn: () => R): R {
  load.work = new Work(load, workUnderWay())
  return enter({ session: currentContext()?.session, work: load.work }, fn)
}

/** Work that is over is let go of: else a chain of timers that load would hold all that ever ran in it. */
function workUnderWay(): Work | undefined {
  const work = currentContext()?.work
  return work?.pins && work
}

/** Runs a check that several sessions share, in the context of the one that asked for it first. */
export function runSharedCheck<R>(fn: () => R): [result: R, work: Work] {
  const work = new Work(undefined, undefined)
  return [enter({ session: currentContext()?.session, work }, fn), work]
}
