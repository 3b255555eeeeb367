import { AsyncLocalStorage } from 'node:async_hooks'
import { BareLru } from './bare-lru.js'

const MAX = 1000
const HOUR = 3_600_000

const storage = new AsyncLocalStorage()

/** @typedef {{ n: number }} Output */
/** @typedef {(key: string) => Output | Promise<Output>} Call */
/** @typedef {{ isAsync: boolean, version: () => any, load: (key: string) => Output }} Parts what all are made of */

/**
 * The least that a checked look-up must do, and what makes it dearer: a look at the clock, a context of its own.
 *
 * @type {Record<string, (parts: Parts) => Promise<Call>>}
 */
export const firstHitFloors = {
  async floor(parts) {
    const lru = new BareLru(MAX)
    return checked(parts, (key, version) => {
      const entry = lru.use(key)
      if (entry !== undefined && entry.version === version) return entry.output
      return lru.add(key, { output: parts.load(key), version, expires: 0 })
    })
  },

  async 'floor with clock'(parts) {
    const lru = new BareLru(MAX)
    return checked(parts, (key, version) => {
      const entry = lru.use(key)
      const now = performance.now()
      if (entry !== undefined && entry.version === version && now < entry.expires) return entry.output
      return lru.add(key, { output: parts.load(key), version, expires: now + HOUR })
    })
  },

  async 'floor in run'(parts) {
    const call = await firstHitFloors.floor(parts)
    return (key) => storage.run({}, () => call(key))
  },

  async 'lru-cache'(parts) {
    const { LRUCache } = await import('lru-cache')
    const cache = new LRUCache({ max: MAX, ttl: HOUR })
    return checked(parts, (key, version) => {
      const entry = cache.get(key)
      if (entry !== undefined && entry.version === version) return entry.output
      const output = parts.load(key)
      cache.set(key, { output, version })
      return output
    })
  },
}

/**
 * @param {Parts} parts
 * @param {(key: string, version: unknown) => Output} find
 * @returns {Call}
 */
function checked({ isAsync, version }, find) {
  return isAsync ? async (key) => find(key, await version()) : (key) => find(key, version())
}
