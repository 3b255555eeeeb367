import { AsyncLocalStorage } from 'node:async_hooks'
import { LoadCycleError } from './errors.ts'

/** A running load, as far as others wait for it, and it for others. */
export interface Load {
  /** What people call it: `report("eu")`. */
  readonly label: string
  /** Calls that were made while it runs, and whose outcome it may be waiting for. */
  readonly awaits: Set<Waiter>
}

/** A call that waits for an outcome. */
export interface Waiter {
  /** The load that it waits for, its own or one that it joined; undefined while its check runs. */
  load: Load | undefined
  /** The loads that wait for it. */
  readonly awaitedBy: Set<Load>
}

const running = new AsyncLocalStorage<Load>()

/** Runs a loader so that the calls that it makes, also after `await`, are known to be its own. */
export function runLoad<R>(load: Load, loader: () => R): R {
  return running.run(load, loader)
}

/** A call has its outcome: nobody waits for it any more. */
export function endCall(call: Waiter): void {
  for (const load of call.awaitedBy) load.awaits.delete(call)
  call.awaitedBy.clear()
  call.load = undefined
}

/** A load is over: it waits for nobody any more. */
export function endLoad(load: Load): void {
  for (const call of load.awaits) call.awaitedBy.delete(load)
  load.awaits.clear()
}

/**
 * Notes that the load in which this code runs, if there is one, waits for a call.
 *
 * @throws {LoadCycleError} when that call waits for this load, directly or through others.
 */
export function awaitCall(call: Waiter): void {
  const load = running.getStore()
  if (load === undefined) return
  load.awaits.add(call)
  call.awaitedBy.add(load)
  if (call.load !== undefined) refuseCycle(call.load, call)
}

/**
 * Notes that a call waits for a load.
 *
 *   1. session A loads x, session B loads y
 *   2. the load of x calls y: A's call waits for B's load of y
 *   3. the load of y calls x: B's call would wait for A's load of x, which waits for y: nobody would ever get on
 *
 * @throws {LoadCycleError} when that load waits for this call, directly or through others.
 */
export function awaitLoad(call: Waiter, load: Load): void {
  refuseCycle(load, call)
  call.load = load
}

/** Who waits for whom is a graph of calls and loads; a way back from the load to the call closes a circle. */
function refuseCycle(load: Load, call: Waiter): void {
  const path = wayTo(call, load, new Set())
  if (path !== undefined) throw cycleError([...path, load].map(({ label }) => label))
}

function wayTo(call: Waiter, from: Load, seen: Set<Load>): Load[] | undefined {
  if (seen.has(from)) return undefined
  seen.add(from)
  if (from.awaits.has(call)) return [from]
  for (const { load } of from.awaits) {
    const rest = load && wayTo(call, load, seen)
    if (rest !== undefined) return [from, ...rest]
  }
  return undefined
}

export function cycleError(labels: readonly string[]): LoadCycleError {
  return new LoadCycleError(
    `${labels.join(' → ')}: this load needs its own result. Break the circle: call a part that does not need it.`,
  )
}
