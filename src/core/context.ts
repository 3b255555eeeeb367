import { AsyncLocalStorage } from 'node:async_hooks'
import type { Load } from './cycle.ts'
import type { Pins } from './pins.ts'
import type { Session } from './session.ts'
import type { Snapshot } from './snapshot.ts'
import type { Work } from './work.ts'

/** Where code runs: in which session, and as part of which work that sessions share. */
export interface Context {
  readonly session: Session | undefined
  readonly sessionPins: Pins | undefined
  readonly work: Work | undefined
  /** What calls go by, at hand: the pins of the work, or of the session when there is no work or it is over. */
  pins: Pins | undefined
}

const ambient = new AsyncLocalStorage<Context | undefined>()

export function currentContext(): Context | undefined {
  return ambient.getStore()
}

/** The pins that a call goes by, unless it names its session. Every call begins here. */
export function ambientPins(): Pins | undefined {
  const context = ambient.getStore()
  return context === undefined ? undefined : context.pins
}

/** Whether nothing stale may go into the session for which the calling code works, also by way of a load. */
export function refusesStale(): boolean {
  return ambient.getStore()?.sessionPins?.onlyCurrent ?? false
}

/** The snapshot in which the calling code runs. */
export function currentSnapshot(): Snapshot | undefined {
  return ambientPins()?.snapshot
}

/** The load that the calling code is part of. */
export function currentLoad(): Load | undefined {
  return ambient.getStore()?.work?.load
}

/** The work that the calling code is part of, and what that is part of in turn, as long as it is under way. */
export function* currentWork(): Iterable<WorkUnderWay> {
  for (let work = ambient.getStore()?.work; work !== undefined && isUnderWay(work); work = work.outer) yield work
}

type WorkUnderWay = Work & { readonly pins: Pins }

function isUnderWay(work: Work): work is WorkUnderWay {
  return work.isUnderWay
}

/**
 * Something stale goes into the session of the calling code, and into the work that it is part of, also from a session
 * that it has begun there.
 */
export function taintCaller(): void {
  const context = ambient.getStore()
  if (context?.sessionPins !== undefined) context.sessionPins.servedStale = true
  const current = context?.work
  for (let work = current; work !== undefined && work.load === current?.load; work = work.outer) work.tainted = true
}

export function enter<R>(context: Context, fn: () => R): R {
  return ambient.run(context, fn)
}

/**
 * Runs a function outside of the ambient session and the load in which the calling code runs. For what outlives
 * them or is not waited for: a timer, a consumer that is opened at the first use, a prefetch. (A `session` option
 * that gives an object goes on giving it.)
 *
 * @returns what the function returns.
 * @example
 * detached(() => setInterval(() => report('eu'), 60_000)) // each tick is a session of its own
 */
export function detached<R>(fn: () => R): R {
  return ambient.run(undefined, fn)
}
