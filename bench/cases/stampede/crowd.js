import { setTimeout } from 'node:timers/promises'

const LOAD_TIME = 20
const CHECK_TIME = 1
const FAILURE = 'The load fails, on purpose.'
/** Enough calls for V8 to compile what it is going to compile; their loads never fail. */
const WARM_UP = { rounds: 20, callers: 100 }

/** @typedef {{ callers: number, fails: boolean }} Crowd */

/**
 * All callers ask for one key that nobody has asked for before, in one go.
 *
 * @param {(load: import('./peers.js').Ask, check: import('./peers.js').Ask) => import('./peers.js').Ask} make
 * @param {Crowd} crowd
 */
export async function stampede(make, { callers, fails }) {
  const source = new Source()
  const ask = make(source.load, source.check)
  for (let round = 0; round < WARM_UP.rounds; round++) await rush(ask, `warm-up ${round}`, WARM_UP.callers)
  source.begin(fails)
  const began = performance.now()
  const results = await rush(ask, 'cold', callers)
  const time = performance.now() - began
  if (!results.every((result) => isRight(result, fails))) throw new Error('Somebody got what was not loaded.')
  return { loads: source.loads, checks: source.checks, ms: time - LOAD_TIME }
}

/**
 * @param {import('./peers.js').Ask} ask
 * @param {string} key
 * @param {number} callers
 */
function rush(ask, key, callers) {
  return Promise.allSettled(Array.from({ length: callers }, () => ask(key)))
}

/** What is costly, and what is cheap; both take their time, and not the processor's. */
class Source {
  loads = 0
  checks = 0
  #fails = false

  /**
   * Counts from now on.
   *
   * @param {boolean} fails
   */
  begin(fails) {
    this.loads = 0
    this.checks = 0
    this.#fails = fails
  }

  /** @param {string} key */
  load = async (key) => {
    this.loads++
    await setTimeout(LOAD_TIME)
    if (this.#fails) throw new Error(FAILURE)
    return { key }
  }

  check = async () => {
    this.checks++
    await setTimeout(CHECK_TIME)
    return 1
  }
}

/**
 * Whether it is the output, or the failure (which bentocache gives as the cause of its own).
 *
 * @param {PromiseSettledResult<any>} result
 * @param {boolean} fails
 */
function isRight({ status, value, reason }, fails) {
  if (!fails) return value?.key === 'cold'
  return status === 'rejected' && [reason, reason.cause].some((error) => error?.message === FAILURE)
}
