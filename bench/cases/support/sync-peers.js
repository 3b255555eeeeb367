/** More than there are keys: nothing is evicted. */
const MAX = 1000

/** @typedef {import('./shapes.js').Shape} Shape */
/** @typedef {import('./shapes.js').Call} Call */

/**
 * Each of them as its documentation says for this job, in the way that makes it fastest. Imported when asked for, so
 * that a process knows one of them only.
 *
 * @type {Record<string, (shape: Shape, load: Call) => Promise<Call>>}
 */
export const syncPeers = {
  async 'lru-cache'({ key, args, calls }, load) {
    const { LRUCache } = await import('lru-cache')
    const cache = new LRUCache({ max: MAX, memoMethod: (asked) => load(...args(asked)) })
    if (calls[0].length === 1) return (argument) => cache.memo(argument)
    return (a, b) => cache.memo(key(a, b))
  },

  async memoizee({ calls }, load) {
    const { default: memoizee } = await import('memoizee')
    const primitive = calls[0].every((argument) => typeof argument !== 'object')
    return memoizee(load, { primitive, max: MAX })
  },

  async moize(_shape, load) {
    const { default: moize } = await import('moize')
    return moize(load, { maxSize: MAX })
  },

  async 'micro-memoize'(_shape, load) {
    const { memoize } = await import('micro-memoize')
    return memoize(load, { maxSize: MAX })
  },

  async 'fast-memoize'(_shape, load) {
    const { default: memoize } = await import('fast-memoize')
    return memoize(load)
  },

  async 'lodash.memoize'({ key, calls }, load) {
    const { default: memoize } = await import('lodash.memoize')
    return calls[0].length === 2 ? memoize(load, key) : memoize(load)
  },

  async memoize({ key, calls }, load) {
    const { default: memoize } = await import('memoize')
    return calls[0].length === 2 ? memoize(load, { cacheKey: ([a, b]) => key(a, b) }) : memoize(load)
  },

  async 'nano-memoize'(_shape, load) {
    const { default: cjs } = await import('nano-memoize')
    return cjs.nanomemoize(load)
  },
}
