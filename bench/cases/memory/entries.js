import { memos } from '../eviction/memos.js'
import { BUILDS, growthBy } from './growth.js'

const ENTRIES = 100_000

/** The rows, in their order. `Map` is what the others cannot go below. */
const NAMES = [
  'versioned-lru-cache',
  'lru-cache, ttl',
  'lru-cache',
  'mnemonist LRUCache',
  'mnemonist LRUMap',
  'quick-lru',
  'memoizee',
  'Map',
]

export const stores = NAMES.map((name) => ({ name, package: memos[name].package, how: memos[name].how }))

/** @param {string} candidate */
export async function bytesPerEntry(candidate) {
  const make = await memos[candidate].get()
  const keys = Array.from({ length: ENTRIES }, (_, index) => `key${index}`)
  const output = {}
  let loads = 0
  const load = () => {
    loads++
    return output
  }
  const { bytes, built } = await growthBy(() => filled(make(ENTRIES, load), keys))
  filled(built, keys)
  if (loads !== BUILDS * ENTRIES) throw new Error(`${candidate} has not kept what it was to keep.`)
  return bytes / ENTRIES
}

/**
 * @param {import('../eviction/memos.js').Ask} ask
 * @param {string[]} keys
 */
function filled(ask, keys) {
  for (const key of keys) ask(key)
  return ask
}
