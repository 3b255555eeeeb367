/** More than there are keys: nothing is evicted. */
const MAX = 1000

/** @typedef {(key: string) => Promise<{ n: number }>} Call */

/**
 * Each of them as its documentation says for this job, in the way that makes it fastest: where there were several, by
 * trying them. Imported when asked for, so that a process knows one of them only.
 *
 * @type {Record<string, (load: Call) => Promise<Call>>}
 */
export const asyncPeers = {
  async 'lru-cache'(load) {
    const { LRUCache } = await import('lru-cache')
    const cache = new LRUCache({ max: MAX, fetchMethod: (key) => load(key) })
    return (key) => cache.fetch(key)
  },

  async memoizee(load) {
    const { default: memoizee } = await import('memoizee')
    return memoizee(load, { promise: true, primitive: true, max: MAX })
  },

  async 'p-memoize'(load) {
    const { default: pMemoize } = await import('p-memoize')
    return pMemoize(load)
  },

  async 'async-cache-dedupe'(load) {
    const { createCache } = await import('async-cache-dedupe')
    const cache = createCache({ ttl: 3600, storage: { type: 'memory', options: { size: MAX } } })
    cache.define('read', (key) => load(key))
    return (key) => cache.read(key)
  },

  async 'cache-manager'(load) {
    const { createCache } = await import('cache-manager')
    const cache = createCache()
    return (key) => cache.wrap(key, () => load(key))
  },

  async ocache(load) {
    const { defineCachedFunction } = await import('ocache')
    return defineCachedFunction(load, { name: 'read', getKey: (key) => key, maxAge: 3600, swr: false })
  },

  async cachified(load) {
    const { cachified } = await import('@epic-web/cachified')
    const cache = new Map()
    return (key) => cachified({ key, cache, getFreshValue: () => load(key) })
  },

  async bentocache(load) {
    const { BentoCache, bentostore } = await import('bentocache')
    const { memoryDriver } = await import('bentocache/drivers/memory')
    const memory = bentostore().useL1Layer(memoryDriver({ maxItems: MAX, serialize: false }))
    const cache = new BentoCache({ default: 'memory', stores: { memory }, ttl: null })
    return (key) => cache.getOrSet({ key, factory: () => load(key) })
  },

  async cacheable(load) {
    const { Cacheable, createKeyv } = await import('cacheable')
    const cache = new Cacheable({ primary: createKeyv({ lruSize: MAX, useClone: false }) })
    return (key) => cache.getOrSet(key, () => load(key))
  },
}
