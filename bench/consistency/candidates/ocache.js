import { defineCachedFunction } from 'ocache'

/** `expire` would let an old value be served while a new one is loaded; `invalidate` removes it. */
export default {
  name: 'ocache',
  package: 'ocache',
  how: '`defineCachedFunction`, `maxAge` of an hour, `swr: false`; `fn.invalidate(key)`',
  make({ load }) {
    const read = defineCachedFunction(load, { name: 'read', getKey: (key) => key, maxAge: 3600, swr: false })
    return { read, invalidate: (key) => read.invalidate(key) }
  },
}
