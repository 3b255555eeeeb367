import { runInSession, versionedLruCache } from '../../../dist/index.js'

/** Asks the counter once per request and key. Writers tell it nothing. */
export default {
  name: 'versioned-lru-cache',
  package: 'versioned-lru-cache',
  how: '`version` reads the counter, `runInSession` around each request; writers do not invalidate',
  make({ load, check }) {
    const read = versionedLruCache(load, { version: check })
    return { read, invalidate() {}, request: runInSession }
  },
}
