import { channel } from 'node:diagnostics_channel'
import type { Version } from './version.ts'

/** A check has failed: the version function threw, took too long, or gave what is no version. */
export interface CheckFailedEvent {
  readonly type: 'checkFailed'
  /** The name of the cached function, or of the version source. */
  readonly name: string
  /** The arguments or the key that it was asked for, as text: `("eu",2)`. */
  readonly key: string
  readonly error: unknown
}

/**
 * By `verifyVersions`: a loader has given something else than what is kept at the same version, so the version does not
 * cover what the output depends on (or a caller has changed the output). What was kept is dropped.
 */
export interface OutputDiffersEvent {
  readonly type: 'outputDiffers'
  /** The name of the cached function. */
  readonly name: string
  readonly key: string
  /** The one that was read before what is kept was loaded, and after the other output was. */
  readonly version: Version
  /** Of what is kept: milliseconds since its version was read. */
  readonly age: number
  /** The outputs themselves, which may be large or secret: think before you log them. */
  readonly kept: unknown
  readonly loaded: unknown
}

/** By `verifyVersions`: a version was seen, then another one, then the first again. It must be unique for ever. */
export interface VersionReturnedEvent {
  readonly type: 'versionReturned'
  /** The name of the cached function, or of the version source. */
  readonly name: string
  readonly key: string
  readonly version: Version
  /** The one that was seen before it came back. */
  readonly after: Version
}

/** By `verifyVersions`: a hit could not be verified, since the loader, the version function or `equals` has failed. */
export interface VerifyFailedEvent {
  readonly type: 'verifyFailed'
  /** The name of the cached function. */
  readonly name: string
  readonly key: string
  readonly error: unknown
}

/**
 * A loader has called a cached function, or read a version source, and has not waited for it: the load was over before.
 * What it brought does not depend on that, or only seems not to. Told once for each cached function.
 */
export interface LateReadEvent {
  readonly type: 'lateRead'
  /** The name of the cached function whose loader it is. */
  readonly name: string
  /** What was read, as text: `user(5)`. */
  readonly read: string
}

/** An output was returned and not kept, since it was made of more things than `maxStamps` allows. */
export interface TooManyStampsEvent {
  readonly type: 'tooManyStamps'
  /** The name of the cached function. */
  readonly name: string
  readonly key: string
  /** The option `maxStamps`. */
  readonly maxStamps: number
}

/** An operation of a tier has failed, or was too late. The call went on without it. */
export interface TierFailedEvent {
  readonly type: 'tierFailed'
  /** The name of the tier. */
  readonly tier: string
  readonly error: unknown
  /** Whether it is left alone from now on, and tried again later. */
  readonly isDown: boolean
}

/** A tier that was left alone has answered. */
export interface TierRecoveredEvent {
  readonly type: 'tierRecovered'
  /** The name of the tier. */
  readonly tier: string
}

/** What a tier had was not written by us, is damaged or too large, or could not be judged. It counts as a miss. */
export interface EntryRefusedEvent {
  readonly type: 'entryRefused'
  /** The name of the cached function. */
  readonly name: string
  readonly key: string
  readonly reason: string
}

/** An output cannot be carried to other processes, and stays in this one. Told once for each cached function. */
export interface OutputNotSharedEvent {
  readonly type: 'outputNotShared'
  /** The name of the cached function. */
  readonly name: string
  readonly key: string
  readonly reason: string
}

/** What happens in any cached function of the process, for those who watch. More types will come. */
export type CacheEvent =
  | CheckFailedEvent
  | EntryRefusedEvent
  | LateReadEvent
  | OutputDiffersEvent
  | OutputNotSharedEvent
  | TierFailedEvent
  | TierRecoveredEvent
  | TooManyStampsEvent
  | VerifyFailedEvent
  | VersionReturnedEvent

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
 * onCacheEvent((event) => {
 *   if (event.type === 'checkFailed') logger.warn(`no version of ${event.name}${event.key}`, event.error)
 * })
 */
export function onCacheEvent(listener: (event: CacheEvent) => void): () => void {
  const listen = (event: unknown): void => listener(event as CacheEvent)
  events.subscribe(listen)
  return () => {
    events.unsubscribe(listen)
  }
}
