import { cachified } from '@epic-web/cachified'

/** "In case we need to fully purge the value, we delete the key directly from our cache." (its README) */
export default {
  name: 'cachified',
  package: '@epic-web/cachified',
  how: 'a `Map` as its cache, no TTL; `cache.delete(key)`',
  make({ load }) {
    const cache = new Map()
    return {
      read: (key) => cachified({ key, cache, getFreshValue: () => load(key) }),
      invalidate: (key) => cache.delete(key),
    }
  },
}
