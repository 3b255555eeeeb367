import { readConsistently, versionedLruCache } from '../../../dist/index.js'

/** Asks the counter again when the request has read all, and runs it again if one has moved. */
export default {
  name: 'readConsistently',
  package: 'versioned-lru-cache',
  how: 'the same, with `readConsistently` around each request instead, and its three attempts',
  restarts: true,
  make({ load, check }) {
    const read = versionedLruCache(load, { version: check })
    return { read, invalidate() {}, request: readConsistently }
  },
}
