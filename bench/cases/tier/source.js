import { payload } from './payload.js'

const OUTPUTS = 4

/** What is loaded: at once, since only the caches are to be seen. */
export class Source {
  loads = 0
  #outputs

  /** @param {number} bytes of an output, as JSON */
  constructor(bytes) {
    this.#outputs = Array.from({ length: OUTPUTS }, (_, seed) => payload(bytes, seed))
  }

  /** @param {string} key ends with a number */
  load = async (key) => {
    this.loads++
    return this.output(key)
  }

  /** @param {string} key */
  output(key) {
    return this.#outputs[Number(/\d+$/.exec(key)[0]) % OUTPUTS]
  }
}
