import { channel } from 'node:diagnostics_channel'

/** A check has failed: the version function threw, took too long, or gave what is no version. */
export interface CheckFailedEvent {
  readonly type: 'checkFailed'
  /** The name of the cached function, or of the version source. */
  readonly name: string
  /** The arguments or the key that it was asked for, as text: `("eu",2)`. */
  readonly key: string
  readonly error: unknown
}

/** What happens in any cached function of the process, for those who watch. More types will come. */
export type CacheEvent = CheckFailedEvent

const events = channel('versioned-lru-cache')

/** Nobody watching costs nothing. What a watcher throws is an uncaught exception, and no concern of the call's. */
export function announce(event: CacheEvent): void {
  events.publish(event)
}

/**
 * Calls a function for each event, in the session and at the moment in which it happens. The events are published on
 * the `node:diagnostics_channel` of the name `versioned-lru-cache`, for tools that listen there.
 *
 * @returns a function that ends it.
 * @example
 * onCacheEvent(({ type, name, key, error }) => logger.warn({ type, name, key, error }))
 */
export function onCacheEvent(listener: (event: CacheEvent) => void): () => void {
  const listen = (event: unknown): void => listener(event as CacheEvent)
  events.subscribe(listen)
  return () => {
    events.unsubscribe(listen)
  }
}
