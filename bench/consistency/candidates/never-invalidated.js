/** Wrong on purpose: it shows that the checker sees what it is looking for. */
export default {
  name: 'control',
  how: 'a `Map` of promises that nobody invalidates: wrong on purpose, so that the checker has something to find',
  make({ load }) {
    const promises = new Map()
    return {
      read(key) {
        if (!promises.has(key)) promises.set(key, load(key))
        return promises.get(key)
      },
      invalidate() {},
    }
  },
}
