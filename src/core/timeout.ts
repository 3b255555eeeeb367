/** The longest delay that a timer of the platform can wait for, in milliseconds. */
const MAX_DELAY = 2 ** 31 - 1

/** What an option says that is no timeout. */
export const TIMEOUT_WANTED: string = `a number of milliseconds from 1 to ${MAX_DELAY}, or Infinity for none`

export function isTimeout(value: unknown): boolean {
  return value === Number.POSITIVE_INFINITY || (typeof value === 'number' && value > 0 && value <= MAX_DELAY)
}

/** What a promise brings, or an error when it takes too long. The timer keeps no process alive. */
export function withTimeout<T>(promised: PromiseLike<T>, milliseconds: number, tooLate: () => Error): Promise<T> {
  if (milliseconds === Number.POSITIVE_INFINITY) return Promise.resolve(promised)
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(tooLate()), milliseconds)
    timer.unref()
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
