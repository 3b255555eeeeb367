import { createCache } from 'async-cache-dedupe'

/**
 * `clear(name, argument)` also lets go of the load in flight, which `invalidateAll(references)` does not: the
 * former is the kinder one.
 */
export default {
  name: 'async-cache-dedupe',
  package: 'async-cache-dedupe',
  how: 'memory storage, `ttl` of an hour, no `stale`; `clear(name, key)`',
  make({ load }) {
    const cache = createCache({ ttl: 3600, storage: { type: 'memory' } })
    cache.define('read', (key) => load(key))
    return { read: (key) => cache.read(key), invalidate: (key) => cache.clear('read', key) }
  },
}
