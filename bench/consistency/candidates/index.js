import asyncCacheDedupe from './async-cache-dedupe.js'
import bentocache from './bentocache.js'
import cacheManager from './cache-manager.js'
import cachified from './cachified.js'
import lruCache from './lru-cache.js'
import memoizee from './memoizee.js'
import neverInvalidated from './never-invalidated.js'
import noCache from './no-cache.js'
import ocache from './ocache.js'
import pMemoize from './p-memoize.js'
import readConsistently from './read-consistently.js'
import versionedLruCache from './versioned-lru-cache.js'

/** In the order of the table: no cache first, what is wrong on purpose last. */
export const candidates = [
  noCache,
  versionedLruCache,
  readConsistently,
  lruCache,
  memoizee,
  pMemoize,
  ocache,
  cachified,
  cacheManager,
  bentocache,
  asyncCacheDedupe,
  neverInvalidated,
]
