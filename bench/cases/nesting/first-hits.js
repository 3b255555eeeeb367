import { Session, versionedLruCache, versionSource } from '../../../dist/index.js'
import { BareLru } from '../support/bare-lru.js'

/** What every check reads and counts. No constant, which the compiler would not read at all. */
export const source = { version: 1, checks: 0 }
/** What an explicit session is read from. */
const request = { session: undefined }
const session = () => request.session

/** @typedef {{ parts: number, isShared: boolean }} Variant of how many parts an output is made, and by whose versions */
/** @typedef {(key: string) => { n: number }} Call */

function check() {
  source.checks++
  return source.version
}

/** @type {Record<string, (load: Call, variant: Variant) => Call>} */
export const firstHits = {
  /** The least that is to be done for each part: compare a version, which has to be asked for if it is its own. */
  floor(load, { parts, isShared }) {
    const lru = new BareLru(1000)
    const stamps = (version) => Array.from({ length: parts }, () => (isShared ? version : check()))
    return (key) => {
      const version = check()
      const entry = lru.use(key)
      if (entry !== undefined && matches(entry.version, version, isShared)) return entry.output
      return lru.add(key, { output: load(key), version: [version, ...stamps(version)], expires: 0 })
    }
  },

  'versioned-lru-cache'(load, { parts, isShared }) {
    const version = isShared ? versionSource({ name: 'all', read: check }).of(() => 'all') : check
    const part = versionedLruCache((n) => n, { version, session })
    const makePage = (key) => {
      for (let n = 0; n < parts; n++) part(n)
      return load(key)
    }
    const page = versionedLruCache(makePage, { version, session })
    return (key) => {
      request.session = new Session()
      return page(key)
    }
  },
}

/** @param {number[]} stamps the first is of the output itself */
function matches(stamps, version, isShared) {
  if (stamps[0] !== version) return false
  for (let index = 1; index < stamps.length; index++) {
    if (stamps[index] !== (isShared ? version : check())) return false
  }
  return true
}
