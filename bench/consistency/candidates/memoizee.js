import memoize from 'memoizee'

export default {
  name: 'memoizee',
  package: 'memoizee',
  how: '`promise: true`; `delete(key)`',
  make({ load }) {
    const read = memoize(load, { promise: true, max: 100 })
    return { read, invalidate: (key) => read.delete(key) }
  },
}
