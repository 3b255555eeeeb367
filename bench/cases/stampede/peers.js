const HOUR = 3_600_000

/** @typedef {(key: string) => Promise<unknown>} Ask */

/**
 * @typedef {object} Peer
 * @property {string} [package]
 * @property {string} how
 * @property {() => Promise<(load: Ask, check: Ask) => Ask>} get imports it, so that a process knows one only
 */

/**
 * Each with the call that its documentation gives for loading what is not there, and a TTL of an hour where it has one.
 *
 * @type {Record<string, Peer>}
 */
export const peers = {
  'versioned-lru-cache': {
    package: 'versioned-lru-cache',
    how: 'async `version` of 1 ms, `runInSession` around each call, default options',
    async get() {
      const { runInSession, versionedLruCache } = await import('../../../dist/index.js')
      return (load, check) => {
        const cached = versionedLruCache(load, { version: check })
        return (key) => runInSession(() => cached(key))
      }
    },
  },
  'lru-cache': {
    package: 'lru-cache',
    how: '`max`, `ttl`, `fetchMethod`; `fetch`',
    async get() {
      const { LRUCache } = await import('lru-cache')
      return (load) => {
        const cache = new LRUCache({ max: 1000, ttl: HOUR, fetchMethod: (key) => load(key) })
        return (key) => cache.fetch(key)
      }
    },
  },
  memoizee: {
    package: 'memoizee',
    how: '`promise: true`, `primitive: true`, `max`, `maxAge`',
    async get() {
      const { default: memoizee } = await import('memoizee')
      return (load) => memoizee((key) => load(key), { promise: true, primitive: true, max: 1000, maxAge: HOUR })
    },
  },
  'p-memoize': {
    package: 'p-memoize',
    how: 'defaults: a `Map`, no bound, no TTL',
    async get() {
      const { default: pMemoize } = await import('p-memoize')
      return (load) => pMemoize(load)
    },
  },
  'async-cache-dedupe': {
    package: 'async-cache-dedupe',
    how: 'memory storage, `ttl`',
    async get() {
      const { createCache } = await import('async-cache-dedupe')
      return (load) => createCache({ ttl: HOUR / 1000, storage: { type: 'memory' } }).define('read', load).read
    },
  },
  'cache-manager': {
    package: 'cache-manager',
    how: 'one memory store, `ttl`; `wrap`',
    async get() {
      const { createCache } = await import('cache-manager')
      return (load) => {
        const cache = createCache({ ttl: HOUR })
        return (key) => cache.wrap(key, () => load(key))
      }
    },
  },
  ocache: {
    package: 'ocache',
    how: '`defineCachedFunction`, `getKey`, `maxAge`, `swr: false`',
    async get() {
      const { defineCachedFunction } = await import('ocache')
      const options = { name: 'read', getKey: (key) => key, maxAge: HOUR / 1000, swr: false }
      return (load) => defineCachedFunction(load, options)
    },
  },
  cachified: {
    package: '@epic-web/cachified',
    how: 'a `Map` as its cache, `ttl`',
    async get() {
      const { cachified } = await import('@epic-web/cachified')
      const cache = new Map()
      return (load) => (key) => cachified({ key, cache, ttl: HOUR, getFreshValue: () => load(key) })
    },
  },
  bentocache: {
    package: 'bentocache',
    how: 'memory as the only layer, `ttl`, no grace; `getOrSet`',
    async get() {
      const { BentoCache, bentostore } = await import('bentocache')
      const { memoryDriver } = await import('bentocache/drivers/memory')
      const memory = bentostore().useL1Layer(memoryDriver({ maxItems: 1000 }))
      const cache = new BentoCache({ default: 'memory', stores: { memory }, ttl: HOUR })
      return (load) => (key) => cache.getOrSet({ key, factory: () => load(key) })
    },
  },
  cacheable: {
    package: 'cacheable',
    how: 'memory as the only store, `ttl`, `throwErrors: true` (by default it gives undefined instead); `getOrSet`',
    async get() {
      const { Cacheable } = await import('cacheable')
      const cache = new Cacheable({ ttl: HOUR })
      return (load) => (key) => cache.getOrSet(key, () => load(key), { throwErrors: true })
    },
  },
  'no cache': { how: 'every call loads', get: async () => (load) => load },
}
