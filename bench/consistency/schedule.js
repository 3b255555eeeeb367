/**
 * A source of random numbers in [0, 1) that depends on the names alone (splitmix32 over a hash of them). Each
 * actor has a stream of its own, so that one actor's extra step does not change what the others draw.
 *
 * @param {...(string | number)} names
 * @returns {() => number}
 */
export function randomStream(...names) {
  let state = hash(names.join('/'))
  return () => {
    state = (state + 0x9e3779b9) | 0
    return scramble(state) / 2 ** 32
  }
}

/** @param {string} text */
function hash(text) {
  let sum = 0
  for (let index = 0; index < text.length; index++) sum = scramble(sum ^ text.charCodeAt(index)) + index
  return sum
}

/** @param {number} bits */
function scramble(bits) {
  let mixed = bits | 0
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad)
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97)
  return (mixed ^ (mixed >>> 15)) >>> 0
}

/**
 * Decides who goes on next. Actors park at every edge (`pause`), and one at a time is let go.
 *
 * A pause has a length in imaginary time, and the pause that ends first goes first. The lengths are exponential,
 * which makes the next one a fair draw among all that are parked; and since each actor draws from its own stream,
 * requests arrive and writes commit at the same imaginary moments whichever cache is under test. What differs is
 * what a cache makes of it: a load more or less, and whoever waits for it.
 *
 * No clock of the machine takes part. Between two steps every promise chain runs dry.
 */
export class Schedule {
  /** Imaginary time. */
  now = 0
  /** How often nothing was parked although somebody had not finished: a cache that waits for a timer. */
  late = 0
  #turns
  /** @type {{ at: number, go: () => void }[]} */
  #parked = []
  /** @type {Set<Promise<unknown>>} */
  #real = new Set()

  /** @param {number} turns of the event loop between two steps, the same for every candidate. */
  constructor(turns) {
    this.#turns = turns
  }

  /**
   * @param {() => number} random the actor's own stream
   * @param {number} mean length, where one step is 1
   * @returns {Promise<void>}
   */
  pause(random, mean = 1) {
    return this.pauseFor(-Math.log(1 - random()) * mean)
  }

  /**
   * @param {number} length
   * @returns {Promise<void>}
   */
  pauseFor(length) {
    return new Promise((go) => this.#parked.push({ at: this.now + length, go }))
  }

  /**
   * What takes real time, and no imaginary one: nobody is let go before it is done.
   *
   * @template T
   * @param {Promise<T>} work
   * @returns {Promise<T>}
   */
  during(work) {
    const end = () => this.#real.delete(work)
    this.#real.add(work)
    work.then(end, end)
    return work
  }

  /**
   * Runs until nobody is parked any more, which includes loads that a cache runs behind its callers' backs.
   *
   * @param {Promise<unknown>[]} actors none of which may reject
   * @returns {Promise<boolean>} whether all have finished; otherwise somebody hangs
   */
  async settle(actors) {
    let running = actors.length
    for (const actor of actors) actor.then(() => running--)
    await this.#drain()
    while (this.#parked.length > 0 || (running > 0 && (await this.#somebodyIsLate(() => running)))) {
      this.#next()
      await this.#drain()
    }
    return running === 0
  }

  #next() {
    if (this.#parked.length === 0) return
    const next = this.#parked.reduce((first, step) => (step.at < first.at ? step : first))
    this.#parked.splice(this.#parked.indexOf(next), 1)
    this.now = next.at
    next.go()
  }

  /** @param {() => number} running */
  async #somebodyIsLate(running) {
    this.late++
    for (let wait = 0; wait < 20; wait++) {
      await new Promise((resolve) => setTimeout(resolve, wait))
      await this.#drain()
      if (this.#parked.length > 0 || running() === 0) return true
    }
    return false
  }

  async #drain() {
    await drain(this.#turns)
    while (this.#real.size > 0) {
      await Promise.allSettled(this.#real)
      await drain(this.#turns)
    }
  }
}

/** Each turn of the event loop ends only when no microtask and no `nextTick` is left. */
async function drain(turns) {
  for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve))
}
