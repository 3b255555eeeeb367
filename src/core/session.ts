import { ambientPins, type Context, currentContext, currentWork } from './context.ts'
import { keepInHolder, type MapLike, readHolder, requireHolder } from './holder.ts'
import type { SeenVersion } from './pin.ts'
import { Pins } from './pins.ts'
import type { Snapshot } from './snapshot.ts'
import { runSession } from './work.ts'

/** What the `session` option takes: a `Session`, a `Map`-like, or any object that lives as long as the work. */
export type SessionHolder = Session | MapLike | object

let pinsOf: (session: Session) => Pins
let sessionOf: (pins: Pins) => Session

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
    sessionOf = (pins) => {
      const session = new Session()
      session.#pins = pins
      return session
    }
  }

  /**
   * The session of an object: a request, a context, a `Map`. It is made at the first call and kept in the
   * object under a symbol, so everybody who holds the object (or a proxy to it) is in the same session. So is an
   * object that inherits from it: do not give a prototype that requests share.
   *
   * @throws {InvalidSessionError} when the object cannot keep it: a primitive, or a frozen object.
   * @example
   * app.use((request, response, next) => Session.of(request).run(next))
   */
  static of(holder: SessionHolder): Session {
    if (holder instanceof Session) return holder
    const object = requireHolder(holder)
    const kept = readHolder(object)
    if (kept instanceof Session) return kept
    const session = new Session()
    keepInHolder(object, session)
    return session
  }

  /**
   * Runs a function in this session: cached functions called in it, also after `await`, belong to it.
   *
   * @returns what the function returns.
   */
  run<R>(fn: () => R): R {
    return runSession(this, this.#pins, fn)
  }

  /**
   * Begins anew: what was pinned is forgotten, so the next call of each cached function checks again. For
   * work that has no natural end, such as a socket (call it for each message) or a worker's loop.
   *
   * Loads that are under way keep to what they began with. In `readConsistently` it does nothing.
   */
  renew(): void {
    if (!this.#pins.isOfOneState) this.#pins.clear()
  }

  /** Whether it has ever been given anything that was served stale, or was made of that; also before `renew()`. */
  get servedStale(): boolean {
    if (this.#pins.servedStale) return true
    for (const pin of this.#pins) if (pin.tainted) return true
    return false
  }

  /**
   * From now on no output is served stale to this session: it waits for a load, or fails. For who has told a client
   * which version it gives.
   */
  refuseStale(): void {
    this.#pins.onlyCurrent = true
  }

  /** The versions that this session goes by, for people to look at. */
  versions(): SeenVersion[] {
    const seen: SeenVersion[] = []
    for (const pin of this.#pins) if (pin.isShown && pin.seen !== undefined) seen.push(pin.describe(pin.seen.version))
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

/**
 * Runs a function in a new session that reads a snapshot.
 *
 * @returns what the function returns.
 */
export function runInSessionOf<R>(snapshot: Snapshot, fn: () => R): R {
  return runInStrictSession(new Pins(snapshot), fn)
}

/** In a new session of which all is to be of one state. What is served stale is of another one, so nothing is. */
export function runInStrictSession<R>(pins: Pins, fn: () => R): R {
  const session = sessionOf(pins)
  session.refuseStale()
  return session.run(fn)
}

/** The session in which the calling code runs, or `undefined` outside of `runInSession` and `session.run`. */
export function currentSession(): Session | undefined {
  return currentContext()?.session
}

/** The `session` option, as the user gives it. */
export type SessionOption = SessionHolder | (() => SessionHolder | null | undefined) | undefined

/** The pins of whoever calls: of the work that this code is part of, else of its session, if it is in any. */
export function pinsOfCaller(option: SessionOption): Pins | undefined {
  if (option === undefined) return ambientPins()
  const context = currentContext()
  const work = context?.work
  if (work?.pins !== undefined) return work.pins
  const pins = sessionPins(option, context)
  return work?.load === undefined ? pins : pins?.watched(undefined)
}

/** All pins in which the caller may meet again what it has seen: of its session, and of all that it is part of. */
export function allPinsOfCaller(option: SessionOption): Set<Pins> {
  const own = sessionPins(option, currentContext())
  const ambient = currentContext()?.sessionPins
  const ofWork = [...currentWork()].flatMap(({ pins }) => [pins, pins.root])
  return new Set([own, ambient, ...ofWork].filter((pins) => pins !== undefined))
}

/** Of the session that the option gives, else of the ambient one. */
function sessionPins(option: SessionOption, context: Context | undefined): Pins | undefined {
  if (context?.sessionPins?.isOfOneState) return context.sessionPins
  const holder = typeof option === 'function' ? option() : option
  return holder === undefined || holder === null ? context?.sessionPins : pinsOf(Session.of(holder))
}
