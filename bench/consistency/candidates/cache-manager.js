import { createCache } from 'cache-manager'

export default {
  name: 'cache-manager',
  package: 'cache-manager',
  how: '`wrap`, one memory store, no TTL; `del(key)`',
  make({ load }) {
    const cache = createCache()
    return { read: (key) => cache.wrap(key, () => load(key)), invalidate: (key) => cache.del(key) }
  },
}
