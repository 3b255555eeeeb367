import { type Clock, monotonicClock } from './clock.ts'
import { awaitIn, endStep, type Step } from './cycle.ts'
import type { Pin } from './pin.ts'
import type { Pins } from './pins.ts'
import type { Stamp, Stamps } from './stamps.ts'

/** A session looks at what an output was made of: is it what the session sees itself? */
export class Judgement {
  /** What the session sees. */
  readonly pins: Pins
  /** The call that the output is for. */
  readonly #pin: Pin
  /** Of what the session sees, the oldest reading that was looked at. */
  order: number = Number.POSITIVE_INFINITY
  #step: Step | undefined
  #now: number | undefined

  constructor(pins: Pins, pin: Pin) {
    this.pins = pins
    this.#pin = pin
  }

  /**
   * Whether everything matches: wave by wave, up to the first that does not. What comes after a difference may not even
   * exist any more, and nobody can say whether the loader would ask for it:
   *
   *   1. a page was made of the current issue, number 7, and then of the articles of number 7
   *   2. number 7 is withdrawn, and its articles are deleted
   *   3. a session looks at the page: the current issue has moved, so nothing more is asked
   */
  accepts(stamps: Stamps): boolean | Promise<boolean> {
    const accepted = this.#acceptsFrom(0, stamps)
    if (!(accepted instanceof Promise)) return accepted
    return accepted.finally(() => {
      if (this.#step !== undefined) endStep(this.#step)
    })
  }

  #acceptsFrom(first: number, stamps: Stamps): boolean | Promise<boolean> {
    for (let index = first; index < stamps.length; index++) {
      const matches = this.#matchesAll(stamps[index] as readonly Stamp[])
      if (matches === false) return false
      if (matches !== true) return matches.then((all) => all && this.#acceptsFrom(index + 1, stamps))
    }
    return true
  }

  /** What is promised is asked for together, so that sources can read it in one batch. */
  #matchesAll(wave: readonly Stamp[]): boolean | Promise<boolean> {
    const promised: Promise<boolean>[] = []
    for (const stamp of wave) {
      const matches = stamp.matches(this)
      if (matches === false) return false
      if (matches !== true) promised.push(matches)
    }
    if (promised.length === 0) return true
    return Promise.all(promised).then((all) => all.every((matches) => matches))
  }

  /** What time it is, by the clock of a function. The clock of the process is looked at once. */
  nowBy(clock: Clock): number {
    if (clock !== monotonicClock) return clock()
    this.#now ??= clock()
    return this.#now
  }

  /**
   * The call cannot go on before another one has its output.
   *
   * @throws {LoadCycleError} when that waits for this call.
   */
  waitFor(pin: Pin): void {
    if (this.#step === undefined) {
      this.#step = { label: this.#pin.label, awaits: new Set() }
      this.#pin.load = this.#step
    }
    awaitIn(this.#step, pin)
  }
}
