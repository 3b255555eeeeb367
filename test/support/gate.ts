/** A promise that the test settles by hand, so that an interleaving is what the test says and nothing else. */
export interface Gate<T = void> {
  readonly promise: Promise<T>
  open(value: T): void
  fail(error: unknown): void
}

export function gate<T = void>(): Gate<T> {
  let open!: (value: T) => void
  let fail!: (error: unknown) => void
  const promise = new Promise<T>((resolve, reject) => {
    open = resolve
    fail = reject
  })
  return { promise, open, fail }
}

/** Lets everything run that can run without a timer or the outside world. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/** How a promise ended: its value, or the error it was rejected with. */
export function outcomeOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    (value) => ({ value }),
    (error) => ({ error }),
  )
}

/** Something that can be awaited and is no promise, such as the query of a database client. */
export function thenable<T>(then: (resolve: (value: T) => void, reject: (error: unknown) => void) => void): Promise<T> {
  return Object.defineProperty({}, 'then', { value: then }) as Promise<T>
}
