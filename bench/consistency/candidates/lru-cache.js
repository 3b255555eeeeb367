import { LRUCache } from 'lru-cache'

/**
 * `delete` aborts a load in flight, which by default rejects everybody who waits for it. With `ignoreFetchAbort`
 * they get what they asked for before the write was acknowledged, and it is still not kept.
 */
export default {
  name: 'lru-cache',
  package: 'lru-cache',
  how: '`fetch` with `fetchMethod`, `ignoreFetchAbort: true`; `delete(key)`',
  make({ load }) {
    const cache = new LRUCache({ max: 100, fetchMethod: (key) => load(key), ignoreFetchAbort: true })
    return { read: (key) => cache.fetch(key), invalidate: (key) => cache.delete(key) }
  },
}
