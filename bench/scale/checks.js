/**
 * @typedef {object} Reading
 * @property {number} version
 * @property {number} readAt when the check began
 */

/** @typedef {(key: number, reading: Reading) => void} Answered */

/**
 * @typedef {object} Asked what a check needs
 * @property {import('./timeline.js').Timeline} timeline
 * @property {import('./data.js').Data} data
 * @property {import('./settings.js').Settings} settings
 * @property {{ checks: number, checkedKeys: number }} counts
 */

/** Each session checks each of its keys for itself: what it would be if nothing was shared. */
class Alone {
  #asked

  /** @param {Asked} asked */
  constructor(asked) {
    this.#asked = asked
  }

  /**
   * @param {readonly number[]} keys
   * @param {Answered} answered
   */
  ask(keys, answered) {
    for (const key of keys) run(this.#asked, [key], (versions) => answered(key, versions.get(key)))
  }
}

/** @typedef {{ next: Answered[] }} Running a check that runs, and who waits for the one after it */

/** Per key at most one check runs and one waits: one that began before a session asked is not good enough for it. */
class Shared {
  #asked
  /** @type {Map<number, Running>} */
  #running = new Map()

  /** @param {Asked} asked */
  constructor(asked) {
    this.#asked = asked
  }

  /**
   * @param {readonly number[]} keys
   * @param {Answered} answered
   */
  ask(keys, answered) {
    for (const key of keys) {
      const running = this.#running.get(key)
      if (running === undefined) this.#run(key, [answered])
      else running.next.push(answered)
    }
  }

  /**
   * @param {number} key
   * @param {Answered[]} waiters
   */
  #run(key, waiters) {
    const running = { next: [] }
    this.#running.set(key, running)
    run(this.#asked, [key], (versions) => {
      if (running.next.length === 0) this.#running.delete(key)
      else this.#run(key, running.next)
      for (const answered of waiters) answered(key, versions.get(key))
    })
  }
}

/** One batch runs and one gathers, for all keys of the process. */
class Batched {
  #asked
  /** @type {Map<number, Answered[]> | undefined} */
  #gathering
  #runs = false

  /** @param {Asked} asked */
  constructor(asked) {
    this.#asked = asked
  }

  /**
   * @param {readonly number[]} keys
   * @param {Answered} answered
   */
  ask(keys, answered) {
    this.#gathering ??= new Map()
    for (const key of keys) {
      const waiters = this.#gathering.get(key)
      if (waiters === undefined) this.#gathering.set(key, [answered])
      else waiters.push(answered)
    }
    if (!this.#runs) this.#run()
  }

  #run() {
    const batch = this.#gathering
    this.#gathering = undefined
    this.#runs = true
    run(this.#asked, [...batch.keys()], (versions) => {
      this.#runs = false
      if (this.#gathering !== undefined) this.#run()
      for (const [key, waiters] of batch) for (const answered of waiters) answered(key, versions.get(key))
    })
  }
}

export const CHECKS = { alone: Alone, shared: Shared, batched: Batched }

/**
 * The versions are those of the moment when the check begins, or what a replica knew at that moment.
 *
 * @param {Asked} asked
 * @param {readonly number[]} keys
 * @param {(versions: Map<number, Reading>) => void} done
 */
function run({ timeline, data, settings, counts }, keys, done) {
  const readAt = timeline.now
  const reading = (key) => ({ version: data.version(key, readAt - settings.lag), readAt })
  const versions = new Map(keys.map((key) => [key, reading(key)]))
  counts.checks++
  counts.checkedKeys += keys.length
  timeline.after(settings.check, () => done(versions))
}
