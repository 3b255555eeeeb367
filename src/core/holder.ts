import { AsyncLocalStorage } from 'node:async_hooks'
import { describe, InvalidSessionError } from './errors.ts'
import { isThenable } from './thenable.ts'

/** Where a holder keeps its session. Private to this copy of the library. */
export const SESSION: unique symbol = Symbol('versioned-lru-cache.session')

/** Something with the `get` and `set` of a `Map`. */
export interface MapLike {
  get(key: symbol): unknown
  set(key: symbol, value: unknown): unknown
}

/** @throws {InvalidSessionError} for what cannot be an object of one request. */
export function requireHolder(holder: unknown): object {
  if (holder === null || (typeof holder !== 'object' && typeof holder !== 'function')) {
    throw new InvalidSessionError(
      `A session was to be kept in ${describe(holder)}: give an object that lives as long as the request or job, ` +
        'such as the request itself.',
    )
  }
  if (holder instanceof AsyncLocalStorage) {
    throw new InvalidSessionError(
      'A session was to be kept in an AsyncLocalStorage, which is one for all requests: give () => storage.getStore().',
    )
  }
  if (isThenable(holder)) {
    throw new InvalidSessionError(
      `A session was to be kept in ${describe(holder)}: give the object itself, from a function that is not async.`,
    )
  }
  return holder
}

/** What the holder keeps, if it keeps anything. */
export function readHolder(holder: object): unknown {
  try {
    return isMapLike(holder) ? holder.get(SESSION) : Reflect.get(holder, SESSION)
  } catch (error) {
    throw cannotKeep(holder, error)
  }
}

/** Sets by plain assignment, which is what a proxy to a per-request object hands on, and reads back. */
export function keepInHolder(holder: object, session: object): void {
  try {
    if (isMapLike(holder)) holder.set(SESSION, session)
    else (holder as Record<symbol, unknown>)[SESSION] = session
    // A copy of the object is another object: `{ ...request }` must not carry the session along.
    if (Object.hasOwn(holder, SESSION)) Object.defineProperty(holder, SESSION, { enumerable: false })
  } catch (error) {
    throw cannotKeep(holder, error)
  }
  if (readHolder(holder) !== session) throw cannotKeep(holder)
}

function isMapLike(holder: object): holder is MapLike {
  const { get, set } = holder as Partial<MapLike>
  return typeof get === 'function' && typeof set === 'function'
}

function cannotKeep(holder: object, cause?: unknown): InvalidSessionError {
  return new InvalidSessionError(
    `A session was to be kept in ${describe(holder)}, which ${whyNot(holder)}: give a plain object that lives as long ` +
      'as the request or job, or a Map.',
    { cause },
  )
}

function whyNot(holder: object): string {
  if (Object.isFrozen(holder)) return 'is frozen'
  return isMapLike(holder) ? 'did not keep what was set' : 'takes no new properties'
}
