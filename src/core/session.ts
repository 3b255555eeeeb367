import { AsyncLocalStorage } from 'node:async_hooks'
import { describe, InvalidSessionError } from './errors.ts'
import { showKey } from './key.ts'
import { Pins } from './pins.ts'
import type { Version } from './version.ts'

const ambient = new AsyncLocalStorage<Session>()

/** Where a holder keeps its session. Private to this copy of the library. */
const SESSION = Symbol('versioned-lru-cache.session')

/** A version that a session goes by. */
export interface SeenVersion {
  /** The name of the version source, or of the cached function that has it to itself. */
  readonly source: string
  /** The arguments it was read for, as text: `("eu",2)`. */
  readonly key: string
  readonly version: Version
}

/** Something with the `get` and `set` of a `Map`. */
export interface MapLike {
  get(key: symbol): unknown
  set(key: symbol, value: unknown): unknown
}

/** What the `session` option takes: a `Session`, a `Map`-like, or any object that lives as long as the work. */
export type SessionHolder = Session | MapLike | object

let pinsOf: (session: Session) => Pins

/**
 * One unit of work that sees one state: a request, a job, a message. Every version and every output that a
 * cached function gives it is pinned until the session ends, whatever is written meanwhile.
 *
 * A session needs no closing: it ends when nothing refers to it any more.
 */
export class Session {
  #pins = new Pins()

  static {
    pinsOf = (session) => session.#pins
  }

  /**
   * The session of an object: a request, a context, a `Map`. It is made at the first call and kept in the
   * object under a symbol, so everybody who holds the object (or a proxy to it) is in the same session.
   *
   * @throws {InvalidSessionError} when the object cannot keep it: a primitive, or a frozen object.
   * @example
   * app.use((request, response, next) => Session.of(request).run(next))
   */
  static of(holder: SessionHolder): Session {
    if (holder instanceof Session) return holder
    if (holder === null || (typeof holder !== 'object' && typeof holder !== 'function')) {
      throw new InvalidSessionError(
        `A session was to be kept in ${describe(holder)}: give an object that lives as long as the request or ` +
          'job, such as the request itself.',
      )
    }
    const kept = read(holder)
    return kept instanceof Session ? kept : keep(holder, new Session())
  }

  /**
   * Runs a function in this session: cached functions called in it, also after `await`, belong to it.
   *
   * @returns what the function returns.
   */
  run<R>(fn: () => R): R {
    return ambient.run(this, fn)
  }

  /**
   * Begins anew: what was pinned is forgotten, so the next call of each cached function checks again. For
   * work that has no natural end, such as a socket (call it for each message) or a worker's loop.
   *
   * Calls that are under way keep to what they began with.
   */
  renew(): void {
    this.#pins = new Pins()
  }

  /** The versions that this session goes by, for people to look at. */
  versions(): SeenVersion[] {
    const seen: SeenVersion[] = []
    for (const { stamps } of this.#pins.readings.values()) {
      for (const { source, key, version } of stamps) seen.push({ source: source.name, key: showKey(key), version })
    }
    return seen
  }
}

/**
 * Runs a function in a new session. Give it one request, one job, one message.
 *
 * @returns what the function returns.
 * @example
 * await runInSession(async () => {
 *   await report('eu') // one check, and a load if the version moved
 *   await report('eu') // pinned: neither
 * })
 */
export function runInSession<R>(fn: () => R): R {
  return new Session().run(fn)
}

/** The session in which the calling code runs, or `undefined` outside of `runInSession` and `session.run`. */
export function currentSession(): Session | undefined {
  return ambient.getStore()
}

/** The pins of whoever calls: of the session that the option gives, else of the ambient one, else of this call alone. */
export function pinsOfCaller(option: SessionHolder | (() => SessionHolder | null | undefined) | undefined): Pins {
  const holder = (typeof option === 'function' ? option() : option) ?? ambient.getStore()
  return holder === undefined ? new Pins() : pinsOf(Session.of(holder))
}

function isMapLike(holder: object): holder is MapLike {
  const { get, set } = holder as Partial<MapLike>
  return typeof get === 'function' && typeof set === 'function'
}

function read(holder: object): unknown {
  try {
    return isMapLike(holder) ? holder.get(SESSION) : Reflect.get(holder, SESSION)
  } catch (error) {
    throw cannotKeep(holder, error)
  }
}

/** Sets by plain assignment, which is what a proxy to a per-request object hands on, and reads back. */
function keep(holder: object, session: Session): Session {
  try {
    if (isMapLike(holder)) holder.set(SESSION, session)
    else (holder as Record<symbol, unknown>)[SESSION] = session
  } catch (error) {
    throw cannotKeep(holder, error)
  }
  if (read(holder) !== session) throw cannotKeep(holder)
  return session
}

function cannotKeep(holder: object, cause?: unknown): InvalidSessionError {
  const why = Object.isFrozen(holder)
    ? 'is frozen'
    : isMapLike(holder)
      ? 'did not keep what was set'
      : 'takes no new properties'
  return new InvalidSessionError(
    `A session was to be kept in ${describe(holder)}, which ${why}: give a plain object that lives as long as ` +
      'the request or job, or a Map.',
    { cause },
  )
}
