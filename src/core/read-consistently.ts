import { detached } from './context.ts'
import { describe, InvalidOptionError, ReadConflictError, refuseOthers } from './errors.ts'
import type { Pin } from './pin.ts'
import { Pins } from './pins.ts'
import { runInStrictSession } from './session.ts'
import { isPositiveInteger } from './settings.ts'
import { type Reading, sameVersion } from './version.ts'

/** The options of {@link readConsistently}. */
export interface ConsistentReadOptions {
  /**
   * How often the function runs at the most.
   *
   * @default 3
   */
  attempts?: number | undefined
}

/**
 * Runs a function in a session of its own, and reads every version again that it went by. If none has moved, all that the
 * function has read was current at one moment: one state of all sources. Otherwise what it gave is thrown away, and it
 * runs again. Nothing is served stale to it.
 *
 * It may run several times, so it must have no side effects. What it reads without a cached function or a version source,
 * and in sessions that it begins itself, is not covered. (`renew` does nothing in its session.) Each version has to be
 * committed with its data.
 *
 * @returns what the function returns.
 * @throws {ReadConflictError} when something has moved during each attempt, {@link InvalidOptionError} for an option that
 *   cannot be used, or what the function throws while nothing has moved, or what a version function fails with; all by
 *   the promise, except for the options.
 * @example
 * const { total, rows } = await readConsistently(async () => ({ total: await sumOf('eu'), rows: await rowsOf('eu') }))
 */
export function readConsistently<R>(fn: () => R, options: ConsistentReadOptions = {}): Promise<Awaited<R>> {
  const { attempts = 3, ...others } = options
  refuseOthers(others, '"attempts"')
  if (typeof fn !== 'function') {
    throw new InvalidOptionError(`What is to be read consistently is ${describe(fn)}: give a function that reads it.`)
  }
  if (!isPositiveInteger(attempts)) {
    throw new InvalidOptionError(`The option "attempts" is ${describe(attempts)}: give a whole number, at least 1.`)
  }
  return attempt(fn, attempts)
}

async function attempt<R>(fn: () => R, attempts: number): Promise<Awaited<R>> {
  let moved: Pin[] = []
  for (let done = 0; done < attempts; done++) {
    const pins = pinsOfOneState()
    const outcome = await settle(() => runInStrictSession(pins, fn))
    moved = await findMoved(pins)
    if (moved.length === 0) return outcome()
  }
  const names = moved.map(({ label }) => label)
  throw new ReadConflictError(
    `${names.join(', ')} moved while it was read, each time of ${attempts}: read less at once, raise "attempts", or go by ` +
      'a snapshot of the database.',
    names,
  )
}

/** Also an error may come of parts that do not belong together, and then means nothing. */
async function settle<R>(fn: () => R): Promise<() => Awaited<R>> {
  try {
    const value = await fn()
    return () => value
  } catch (error) {
    return () => {
      throw error
    }
  }
}

/** Asks for all of them in one turn, so that a source can read them in one batch; and for nothing stale, like before. */
async function findMoved(pins: Pins): Promise<Pin[]> {
  const seen = [...pins].filter((pin) => pin.isShown)
  const again = pinsOfOneState()
  const readAll = () => Promise.all(seen.map(async (pin) => pin.owner.readAgain(pin, again)))
  const current = await detached(() => runInStrictSession(again, readAll))
  return seen.filter((pin, index) => hasMoved(pin, current[index]))
}

function hasMoved({ seen }: Pin, current: Reading | undefined): boolean {
  return current === undefined || !sameVersion(seen?.version, current.version)
}

/** Of functions, too, that keep their session elsewhere. */
function pinsOfOneState(): Pins {
  const pins = new Pins()
  pins.isOfOneState = true
  return pins
}
