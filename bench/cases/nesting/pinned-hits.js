import { AsyncLocalStorage } from 'node:async_hooks'
import { runInSession, versionedLruCache } from '../../../dist/index.js'
import { countedLoader, fill, SHAPES, stepsOf } from '../support/shapes.js'

const shape = SHAPES['one string']
const storage = new AsyncLocalStorage()

/** What is called, and in what. */
const candidates = {
  floor(load) {
    const outputs = new Map(shape.calls.map(([key]) => [key, load(key)]))
    const around = (work) => storage.run(outputs, work)
    return { call: (key) => storage.getStore().get(key), inSession: around, inLoad: around }
  },

  'versioned-lru-cache'(load) {
    return {
      call: versionedLruCache(load, { version: () => 1 }),
      inSession: runInSession,
      inLoad: (work) => runInSession(versionedLruCache(work)),
    }
  },
}

/**
 * Calls of which the session, or the load in it, has got the outputs already.
 *
 * @param {string} candidate
 * @param {boolean} isInLoad
 * @param {(step: () => void) => Promise<unknown>} measure
 */
export function measurePinned(candidate, isInLoad, measure) {
  const counted = countedLoader(shape)
  const { call, inSession, inLoad } = candidates[candidate](counted.load)
  const around = isInLoad ? inLoad : inSession
  return around(async () => {
    fill(shape, call, counted)
    return measure(stepsOf(shape, call))
  })
}
