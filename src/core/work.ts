import type { Load } from './dependencies.ts'
import { Pins } from './pins.ts'

/**
 * Work whose result several sessions get: a load, a shared check. It goes by pins of its own, since those of the
 * session that happens to run it may be older than the version that the others go by:
 *
 *   1. session A calls `user`, and pins version 1 of it
 *   2. a writer commits version 2
 *   3. A calls `page` for the first time, reads version 2, and its load calls `user`
 *   4. session B calls `page`, reads version 2, and gets what that load has brought: no version 1 may be in it
 */
export class Work {
  readonly load: Load | undefined
  readonly #pins = new WeakMap<Pins, Pins>()

  constructor(load?: Load) {
    this.load = load
  }

  pinsInsteadOf(pins: Pins): Pins {
    let own = this.#pins.get(pins)
    if (own === undefined) {
      own = new Pins()
      this.#pins.set(pins, own)
    }
    return own
  }
}
