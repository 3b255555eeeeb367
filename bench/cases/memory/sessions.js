import { Session, versionedLruCache } from '../../../dist/index.js'
import { BUILDS, growthBy } from './growth.js'

/** The fewer pins there are, the more sessions: the heap is counted by pages, which are to make no difference. */
const PINS = 100_000
const SESSIONS = 10_000
const MOST = 20

/**
 * What a session pins: the outputs of so many functions, each called with so many arguments.
 *
 * @type {Record<string, { functions: number, args: number }>}
 */
export const contents = {
  'an empty session': { functions: 0, args: 0 },
  'what 1 pin adds to it': { functions: 1, args: 1 },
  'what 4 pins of one function add': { functions: 1, args: 4 },
  'what 20 pins of one function add': { functions: 1, args: MOST },
  'what 1 pin each of 20 functions adds': { functions: MOST, args: 1 },
}

/** @typedef {(functions: number, args: number) => object} Begin a new session, with what it pins */

/**
 * Of the rows that there are in the case anyway, those that have something to say about sessions.
 *
 * @type {Record<string, { how: string, get: () => Begin }>}
 */
export const kinds = {
  'versioned-lru-cache': { how: 'Sessions: `session: () => current`, a `new Session()` each', get: library },
  Map: { how: 'Sessions: one `Map` each, in which a pin is a key and an output: the least that it can be', get: maps },
}

/**
 * @param {string} variant
 * @param {string} candidate
 */
export async function bytesPerSession(variant, candidate) {
  const { functions, args } = contents[variant]
  const begin = kinds[candidate].get()
  const count = Math.max(SESSIONS, PINS / Math.max(functions * args, 1))
  const empty = await bytesOfEach(count, () => begin(0, 0))
  return functions === 0 ? empty : (await bytesOfEach(count, () => begin(functions, args))) - empty
}

/**
 * @param {number} count
 * @param {() => object} begin
 */
async function bytesOfEach(count, begin) {
  const lists = Array.from({ length: BUILDS }, () => new Array(count)) // made before, so that they do not count
  const { bytes } = await growthBy(() => {
    const list = lists.pop()
    for (let session = 0; session < count; session++) list[session] = begin()
    return list
  })
  return bytes / count
}

/** @returns {Begin} */
function library() {
  let current
  const output = {}
  const options = { version: () => 1, session: () => current }
  const cached = Array.from({ length: MOST }, () => versionedLruCache((_key) => output, options))
  const keys = Array.from({ length: MOST }, (_, index) => `key${index}`)
  return (functions, args) => {
    current = new Session()
    for (let f = 0; f < functions; f++) for (let a = 0; a < args; a++) cached[f](keys[a])
    return current
  }
}

/** @returns {Begin} */
function maps() {
  const output = {}
  const keys = Array.from({ length: MOST }, (_, index) => `key${index}`)
  return (functions, args) => {
    const pins = new Map()
    for (let pin = 0; pin < functions * args; pin++) pins.set(keys[pin], output)
    return pins
  }
}
