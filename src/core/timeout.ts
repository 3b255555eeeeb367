/** The longest delay that a timer of the platform can wait for, in milliseconds. */
const MAX_DELAY = 2 ** 31 - 1

/** What an option says that is no timeout. */
export const TIMEOUT_WANTED: string = `a number of milliseconds from 1 to ${MAX_DELAY}, or Infinity for none`

export function isTimeout(value: unknown): boolean {
  return value === Number.POSITIVE_INFINITY || (typeof value === 'number' && value > 0 && value <= MAX_DELAY)
}

/** Keeps no process alive. (An immediate that does not either may never run, on Deno.) */
export function later(milliseconds: number, fn: () => void): NodeJS.Timeout {
  return setTimeout(fn, milliseconds).unref()
}

/**
 * What a promise brings, or an error when it takes too long. The timer keeps no process alive.
 *
 * @param giveUp runs what gives up, when the time is over: by `setImmediate`, it looks once more at what has come. A process
 * that was busy finds an answer and the end of its time together, and the timer first.
 */
export function withTimeout<T>(
  promised: PromiseLike<T>,
  milliseconds: number,
  tooLate: () => Error,
  giveUp: (fn: () => void) => void = (fn) => fn(),
): Promise<T> {
  if (milliseconds === Number.POSITIVE_INFINITY) return Promise.resolve(promised)
  return new Promise((resolve, reject) => {
    const timer = later(milliseconds, () => giveUp(() => reject(tooLate())))
    Promise.resolve(promised).then(
      (value) => {
        clearTimeout(timer)
        resolve(value)
      },
      (error) => {
        clearTimeout(timer)
        reject(error)
      },
    )
  })
}
