import { currentLoad } from './context.ts'
import { LoadCycleError } from './errors.ts'
import type { Key } from './key.ts'
import type { PinOwner } from './pin.ts'
import type { Reads } from './reads.ts'
import type { Work } from './work.ts'

/** What runs on the way to an outcome: a load, or a look at what is kept. Others wait for it, and it for others. */
export interface Step {
  /** What people call it: `report("eu")`. */
  readonly label: string
  /** Calls that were made while it runs, and whose outcome it may be waiting for. */
  readonly awaits: Set<Waiter>
  /** What it has read, if it is a load. */
  readonly reads?: Reads
}

/** A running load. */
export interface Load extends Step {
  readonly reads: Reads
  /** What runs in it, once it has begun. */
  work: Work | undefined
}

/** A call that waits for an outcome. */
export interface Waiter {
  readonly owner: PinOwner
  readonly key: Key
  /** What it waits for, its own load or one that it joined; undefined while its check runs. */
  load: Step | undefined
  /** What waits for it; most calls are not made by a load. */
  awaitedBy: Set<Step> | undefined
}

/** A call has its outcome: nobody waits for it any more. */
export function endCall(call: Waiter): void {
  if (call.awaitedBy !== undefined) {
    for (const load of call.awaitedBy) load.awaits.delete(call)
    call.awaitedBy = undefined
  }
  call.load = undefined
}

/** It is over: it waits for nobody any more. */
export function endStep(step: Step): void {
  for (const call of step.awaits) call.awaitedBy?.delete(step)
  step.awaits.clear()
}

/**
 * Notes that the load in which this code runs, if there is one, waits for a call. (Whether it really does cannot
 * be known: a call that nobody awaits counts as well, unless it is made in `detached`.)
 *
 * @throws {LoadCycleError} when the call waits for that load.
 */
export function awaitCall(call: Waiter): void {
  const load = currentLoad()
  if (load !== undefined) awaitIn(load, call)
}

/**
 * Notes that a step waits for a call.
 *
 * @throws {LoadCycleError} when the call waits for that step.
 */
export function awaitIn(step: Step, call: Waiter): void {
  step.awaits.add(call)
  call.awaitedBy ??= new Set()
  call.awaitedBy.add(step)
  if (call.load !== undefined) awaitLoad(call, call.load)
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
export function awaitLoad(call: Waiter, load: Step): void {
  const path = call.awaitedBy && wayTo(call, load) // a call that nobody waits for closes no circle
  if (path !== undefined) throw cycleError(path)
  call.load = load
}

/** The loads from here to the one that waits for the call, and back here; undefined when none does. */
function wayTo(call: Waiter, from: Step): string[] | undefined {
  const cameFrom = new Map<Step, Step | undefined>([[from, undefined]])
  // A Map visits what is added to it meanwhile: this walks as far as loads wait for loads, without a stack.
  for (const load of cameFrom.keys()) {
    if (load.awaits.has(call)) return [...wayBack(load, cameFrom), from.label]
    for (const { load: next } of load.awaits) {
      if (next !== undefined && !cameFrom.has(next)) cameFrom.set(next, load)
    }
  }
  return undefined
}

function wayBack(end: Step, cameFrom: ReadonlyMap<Step, Step | undefined>): string[] {
  const way: string[] = []
  for (let load: Step | undefined = end; load !== undefined; load = cameFrom.get(load)) way.unshift(load.label)
  return way
}

export function cycleError(labels: readonly string[]): LoadCycleError {
  return new LoadCycleError(
    `${labels.join(' → ')}: this load would wait for itself. Let it call a part that does not need its result; a call ` +
      'that it only starts, and does not await, belongs in detached(() => …).',
  )
}
