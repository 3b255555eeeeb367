import { versionedLruCache } from '../../../dist/index.js'
import { Fifo } from './fifo.js'
import { optimumHits } from './optimum.js'

/**
 * @typedef {object} Policy
 * @property {string} [package] where there is one behind it
 * @property {string} how
 * @property {(trace: ArrayLike<number>, capacity: number) => number} hits how many requests find their entry
 */

/** @typedef {{ request: (key: number) => boolean }} Simulation says whether the key was there; it is afterwards */

/** @type {Record<string, Policy>} */
export const policies = {
  'versioned-lru-cache': {
    package: 'versioned-lru-cache',
    how: 'LRU: the library itself, `max` the capacity, no TTL, each call a session of its own',
    hits: countedBy((capacity) => library({ max: capacity })),
  },
  SIEVE: {
    package: 'versioned-lru-cache',
    how: "the same with `eviction: 'sieve'`",
    hits: countedBy((capacity) => library({ max: capacity, eviction: 'sieve' })),
  },
  FIFO: { how: 'evicts what has been there longest', hits: countedBy((capacity) => new Fifo(capacity)) },
  optimum: {
    how: 'Belady: evicts what will be asked for last; like the others it keeps everything at first',
    hits: optimumHits,
  },
}

/**
 * @param {(capacity: number) => Simulation} simulation
 * @returns {Policy['hits']}
 */
function countedBy(simulation) {
  return (trace, capacity) => {
    const cache = simulation(capacity)
    let hits = 0
    for (let index = 0; index < trace.length; index++) if (cache.request(trace[index])) hits++
    return hits
  }
}

/**
 * The policy that users get: what does not load was there.
 *
 * @param {{ max: number, eviction?: 'sieve' }} options
 * @returns {Simulation}
 */
export function library(options) {
  let loads = 0
  const ask = versionedLruCache((_key) => ++loads, { ttl: Number.POSITIVE_INFINITY, ...options })
  return {
    request(key) {
      const before = loads
      ask(key)
      return loads === before
    },
  }
}
