/** The default of versioned-lru-cache, for the other that is to have one, too. */
const HOUR = 3_600_000

/** @typedef {(key: string) => object} Ask */

/**
 * @typedef {object} Memo
 * @property {string} [package] where it is not of the language itself
 * @property {string} how
 * @property {() => Promise<(max: number, load: Ask) => Ask>} get imports it, so that a process knows one only
 */

/**
 * What keeps the outputs of a sync function by a string, and no more than `max` of them. A store is asked, and told
 * where it had nothing.
 *
 * @type {Record<string, Memo>}
 */
export const memos = {
  'versioned-lru-cache': {
    package: 'versioned-lru-cache',
    how: '`version` gives a number, default options besides `max`: TTL of an hour; each call a session of its own',
    get: () => library({}),
  },
  'versioned-lru-cache, no TTL': {
    package: 'versioned-lru-cache',
    how: 'the same with `ttl: Infinity`',
    get: () => library({ ttl: Number.POSITIVE_INFINITY }),
  },
  'lru-cache': {
    package: 'lru-cache',
    how: '`max`; `get`, and `set` where there is nothing',
    get: () => lruCache({}),
  },
  'lru-cache, ttl': {
    package: 'lru-cache',
    how: 'the same with `ttl` of an hour (it reads the clock once in a turn of the event loop)',
    get: () => lruCache({ ttl: HOUR }),
  },
  'lru-cache, memo': {
    package: 'lru-cache',
    how: '`max`, `memoMethod`; `memo`',
    async get() {
      const { LRUCache } = await import('lru-cache')
      return (max, load) => {
        const cache = new LRUCache({ max, memoMethod: (key) => load(key) })
        return (key) => cache.memo(key)
      }
    },
  },
  'mnemonist LRUCache': {
    package: 'mnemonist',
    how: '`get`, and `set` where there is nothing; its index is a plain object, so its keys are strings or numbers',
    async get() {
      const { LRUCache } = await import('mnemonist')
      return (max, load) => asking(new LRUCache(max), load)
    },
  },
  'mnemonist LRUMap': {
    package: 'mnemonist',
    how: 'the same; its index is a `Map`',
    async get() {
      const { LRUMap } = await import('mnemonist')
      return (max, load) => asking(new LRUMap(max), load)
    },
  },
  'quick-lru': {
    package: 'quick-lru',
    how: '`maxSize`, of which it keeps up to twice as many; `get`, and `set` where there is nothing',
    async get() {
      const { default: QuickLRU } = await import('quick-lru')
      return (maxSize, load) => asking(new QuickLRU({ maxSize }), load)
    },
  },
  memoizee: {
    package: 'memoizee',
    how: '`max`, `primitive: true`',
    async get() {
      const { default: memoizee } = await import('memoizee')
      return (max, load) => memoizee((key) => load(key), { max, primitive: true })
    },
  },
  Map: {
    how: 'a bare `Map`, which evicts nothing; `get`, and `set` where there is nothing',
    get: async () => (_max, load) => asking(new Map(), load),
  },
}

/** @param {{ ttl?: number }} options */
async function library(options) {
  const { versionedLruCache } = await import('../../../dist/index.js')
  return (max, load) => versionedLruCache((key) => load(key), { version: () => 1, max, ...options })
}

/** @param {{ ttl?: number }} options */
async function lruCache(options) {
  const { LRUCache } = await import('lru-cache')
  return (max, load) => asking(new LRUCache({ max, ...options }), load)
}

/**
 * @param {{ get: (key: string) => object | undefined, set: (key: string, output: object) => unknown }} store
 * @param {Ask} load
 * @returns {Ask}
 */
function asking(store, load) {
  return (key) => {
    const kept = store.get(key)
    if (kept !== undefined) return kept
    const output = load(key)
    store.set(key, output)
    return output
  }
}
