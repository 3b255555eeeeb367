import { AsyncLocalStorage } from 'node:async_hooks'
import type { Load } from './dependencies.ts'
import type { Session } from './session.ts'
import type { Work } from './work.ts'

/** Where code runs: in which session, and as part of which work that sessions share. */
export interface Context {
  readonly session: Session | undefined
  readonly work: Work | undefined
}

const ambient = new AsyncLocalStorage<Context | undefined>()

export function currentContext(): Context | undefined {
  return ambient.getStore()
}

/** The load that the calling code is part of. */
export function currentLoad(): Load | undefined {
  return ambient.getStore()?.work?.load
}

export function runWith<R>(session: Session, fn: () => R): R {
  return ambient.run({ session, work: ambient.getStore()?.work }, fn)
}

export function runWork<R>(work: Work, fn: () => R): R {
  return ambient.run({ session: ambient.getStore()?.session, work }, fn)
}

/**
 * Runs a function outside of the session and the load in which the calling code runs. For what outlives them or
 * is not waited for: a timer, a consumer that is opened at the first use, a prefetch.
 *
 * @returns what the function returns.
 * @example
 * detached(() => setInterval(() => report('eu'), 60_000)) // each tick is a session of its own
 */
export function detached<R>(fn: () => R): R {
  return ambient.run(undefined, fn)
}
