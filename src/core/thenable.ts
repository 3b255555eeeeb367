/** Whether a value is to be awaited: a promise of any kind, also a query builder that runs when awaited. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  if (value === null || (typeof value !== 'object' && typeof value !== 'function')) return false
  return typeof (value as { then?: unknown }).then === 'function'
}

/** Goes on with a value now, or with what a promise brings later: sync stays sync. */
export function after<T, R>(value: T | Promise<T>, next: (value: T) => R | Promise<R>): R | Promise<R> {
  return value instanceof Promise ? value.then(next) : next(value)
}

/** Gives what `rescue` makes of an error, whether it is thrown now or by a promise later. */
export function recover<T>(work: () => T | Promise<T>, rescue: (error: unknown) => T | Promise<T>): T | Promise<T> {
  try {
    const value = work()
    return value instanceof Promise ? value.catch(rescue) : value
  } catch (error) {
    return rescue(error)
  }
}

/** What several give, now or later. An error fails them all, and none goes unheard when another came first. */
export function all<T>(works: readonly (() => T | Promise<T>)[]): T[] | Promise<T[]> {
  const given: (T | Promise<T>)[] = []
  for (const work of works) {
    try {
      given.push(work())
    } catch (error) {
      if (!given.some((value) => value instanceof Promise)) throw error
      given.push(Promise.reject(error))
      break
    }
  }
  return given.some((value) => value instanceof Promise) ? Promise.all(given) : (given as T[])
}
