export interface PostgresVersionOptions {
  /** What people know the source by. It goes into the tags of conditional requests, so it should not change. */
  name?: string | undefined
  /**
   * How long a check may take, in milliseconds, before its waiters fail with `ERR_VERSION_TIMEOUT`.
   *
   * @default 10_000
   */
  timeout?: number | undefined
}

/** What a transaction has written may be rolled back, and its version would come again with other data. */
export const WRITING =
  'The client is inside a transaction that has written, whose versions may be rolled back: give the pool, or a client of its own.'
