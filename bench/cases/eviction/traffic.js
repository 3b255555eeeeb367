import { randomStream } from '../../consistency/schedule.js'

/** Calls of a batch: so many that each batch has its share of collections. */
const CALLS = 100_000
/** Of the keys that stay: so few that none of them goes unasked for long enough to be evicted. */
export const KNOWN = 300
/** Stands for a key that has not been there before. */
export const NEW = -1

/**
 * What the calls of a batch ask for, in order: one of the known keys, or a new one.
 *
 * @type {Record<string, () => Int16Array>}
 */
export const traffics = {
  'every call a new key': () => new Int16Array(CALLS).fill(NEW),
  'nine hits to one miss'() {
    const random = randomStream('eviction')
    return Int16Array.from({ length: CALLS }, () => (random() < 0.1 ? NEW : Math.floor(random() * KNOWN)))
  },
}
