import { BentoCache, bentostore } from 'bentocache'
import { memoryDriver } from 'bentocache/drivers/memory'
import { LRUCache } from 'lru-cache'
import { runInSession, versionedLruCache } from '../../../dist/index.js'

const TTL = 1000

/**
 * @typedef {object} Queries
 * @property {(region: string) => Promise<import('./database.js').Report>} load
 * @property {(region: string) => Promise<number>} check
 */

/**
 * @typedef {object} Candidate
 * @property {string} name
 * @property {string} [package]
 * @property {string} how
 * @property {(queries: Queries) => (region: string) => Promise<import('./database.js').Report>} make
 * @property {(next: () => void) => void} [inSession] what happens around each request
 */

/**
 * Grace periods and `allowStale` would serve old reports on purpose: they are left off, as they are by default.
 *
 * @type {Candidate[]}
 */
export const candidates = [
  {
    name: 'no cache',
    how: 'every request loads',
    make: ({ load }) => load,
  },
  {
    name: 'lru-cache',
    package: 'lru-cache',
    how: '`fetch` with `fetchMethod`, `ttl: 1000`',
    make({ load }) {
      const cache = new LRUCache({ max: 1000, ttl: TTL, fetchMethod: (region) => load(region) })
      return (region) => cache.fetch(region)
    },
  },
  {
    name: 'bentocache',
    package: 'bentocache',
    how: "`getOrSet`, `ttl: '1s'`, memory as the only layer with `serialize: false` (its faster way), no grace",
    make({ load }) {
      const memory = bentostore().useL1Layer(memoryDriver({ maxItems: 1000, serialize: false }))
      const cache = new BentoCache({ default: 'memory', stores: { memory }, ttl: '1s' })
      return (region) => cache.getOrSet({ key: region, factory: () => load(region) })
    },
  },
  {
    name: 'versioned-lru-cache',
    package: 'versioned-lru-cache',
    how: '`version` reads the counter by primary key; `runInSession` around each request, in an `onRequest` hook',
    make: ({ load, check }) => versionedLruCache(load, { version: check }),
    inSession: runInSession,
  },
]
