import { AsyncLocalStorage } from 'node:async_hooks'
import { runInSession, Session, versionedLruCache } from '../../dist/index.js'
import { requireLoads } from './support/loads.js'
import { countedLoader, fill, SHAPES, stepsOf } from './support/shapes.js'
import { syncPeers } from './support/sync-peers.js'
import { bytesPerCall, COUNTING_FLAGS, nanoseconds } from './support/timing.js'

const AMBIENT = 'ambient session'
const EXPLICIT = 'explicit session'
const FLOOR = 'floor'
const OURS = 'versioned-lru-cache'
/** Peers know no sessions, so one of them is enough beside an explicit one. */
const BESIDE_EXPLICIT = [FLOOR, OURS, 'lru-cache']

const storage = new AsyncLocalStorage()
/** What an explicit session is read from: no constant, which the compiler would not read at all. */
const request = { session: undefined }

/** @typedef {import('./support/shapes.js').Shape} Shape */
/** @typedef {import('./support/shapes.js').Call} Call */
/** @typedef {(work: () => Promise<unknown>) => Promise<unknown>} Around */
/** @typedef {{ call: Call, around?: Around }} Candidate what is called, and in what */

/** @type {Record<string, (shape: Shape, load: Call) => Candidate>} */
const ours = {
  [AMBIENT]: (_shape, load) => ({ call: versionedLruCache(load, { version: () => 1 }), around: runInSession }),
  [EXPLICIT](_shape, load) {
    request.session = new Session()
    return { call: versionedLruCache(load, { version: () => 1, session: () => request.session }) }
  },
}

/**
 * The least that a function must do which gives each session its own outputs: find the session, and the output in it.
 *
 * @type {Record<string, (shape: Shape, load: Call) => Candidate>}
 */
const floor = {
  [AMBIENT](shape, load) {
    const current = outputsOf(shape, load)
    return { call: lookUp(shape, () => storage.getStore()), around: (work) => storage.run(current, work) }
  },
  [EXPLICIT](shape, load) {
    request.session = outputsOf(shape, load)
    return { call: lookUp(shape, () => request.session) }
  },
}

/** What the session of the floor holds: a map, and for a function without arguments a property. */
function outputsOf({ calls, key }, load) {
  const entries = calls.map((args) => [key(...args), load(...args)])
  return Object.assign(new Map(entries), { output: entries[0][1] })
}

/**
 * @param {Shape} shape
 * @param {() => any} session
 */
function lookUp({ calls, key }, session) {
  if (calls[0].length === 0) return () => session().output
  if (calls[0].length === 1) return (argument) => session().get(argument)
  return (a, b) => session().get(key(a, b))
}

/**
 * @param {string} name
 * @param {string} where
 * @param {Shape} shape
 * @param {Call} load
 * @returns {Promise<Candidate>}
 */
async function candidateOf(name, where, shape, load) {
  if (name === OURS) return ours[where](shape, load)
  if (name === FLOOR) return floor[where](shape, load)
  const call = await syncPeers[name](shape, load)
  return where === AMBIENT ? { call, around: (work) => storage.run({}, work) } : { call }
}

/** @param {string} variant */
function partsOf(variant) {
  const [name, where] = variant.split(', ')
  return { shape: SHAPES[name], where }
}

const oneString = `one string, ${AMBIENT}`
const twoStrings = `two strings, ${AMBIENT}`
const noise = 'less than 1 is measuring noise'

export default {
  name: 'pinned-sync',
  title: 'Pinned hit, sync',
  about: `A call whose output the session has got already. 100 keys by Zipf's law (one where there is no argument), all
outputs are there; each call is checked to be a hit. The floor is the least that pinning needs: \`getStore()\` of an
\`AsyncLocalStorage\` (or a function that returns the session) and \`Map.get\`. Peers check no version and know no
session. Objects are compared by structure in versioned-lru-cache and fast-memoize, by identity in the others.`,
  flags: COUNTING_FLAGS,
  rounds: 5,
  metrics: {
    ns: { title: 'ns per call', digits: 1, better: 'less' },
    bytes: { title: 'bytes per call', digits: 0, better: 'less' },
  },
  variants: [AMBIENT, EXPLICIT].flatMap((where) => Object.keys(SHAPES).map((name) => `${name}, ${where}`)),
  candidates: [
    { name: FLOOR, how: '`getStore()` (or a call) and `Map.get`; two arguments as one text; none: a property' },
    { name: OURS, package: OURS, how: 'a sync `version`, `session: () => session` if explicit; otherwise defaults' },
    { name: 'lru-cache', package: 'lru-cache', how: '`memo`, `max: 1000`; two arguments as one text' },
    { name: 'memoizee', package: 'memoizee', how: '`primitive: true` (not for objects), `max: 1000`' },
    { name: 'moize', package: 'moize', how: '`maxSize: 1000`' },
    { name: 'micro-memoize', package: 'micro-memoize', how: '`maxSize: 1000`' },
    { name: 'fast-memoize', package: 'fast-memoize', how: 'defaults; no bound' },
    { name: 'lodash.memoize', package: 'lodash.memoize', how: 'two arguments with a resolver, as one text; no bound' },
    { name: 'memoize', package: 'memoize', how: 'two arguments with `cacheKey`, as one text; no bound' },
    { name: 'nano-memoize', package: 'nano-memoize', how: 'defaults; no bound' },
  ],
  has: (variant, candidate) => partsOf(variant).where === AMBIENT || BESIDE_EXPLICIT.includes(candidate),

  async measure(variant, candidate) {
    const { shape, where } = partsOf(variant)
    const counted = countedLoader(shape)
    const { call, around = (work) => work() } = await candidateOf(candidate, where, shape, counted.load)
    return around(async () => {
      fill(shape, call, counted)
      const step = stepsOf(shape, call)
      const ns = await nanoseconds(step)
      const bytes = await bytesPerCall(step)
      requireLoads(counted, shape.calls.length)
      return { ns, bytes }
    })
  },

  targets: [
    { metric: 'ns', variant: oneString, of: OURS, to: FLOOR, atMost: 1.3 },
    { metric: 'ns', variant: oneString, of: OURS, to: 'lru-cache', atMost: 0.9 },
    { metric: 'ns', variant: oneString, of: OURS, to: 'memoizee', atMost: 0.15 },
    { metric: 'ns', variant: oneString, of: OURS, to: 'moize', atMost: 0.15 },
    { metric: 'ns', variant: twoStrings, of: OURS, to: 'lru-cache', atMost: 0.5 },
    { metric: 'ns', variant: twoStrings, of: OURS, to: 'memoizee', atMost: 0.1 },
    { metric: 'bytes', variant: oneString, of: OURS, atMost: 1, note: noise },
    { metric: 'bytes', variant: twoStrings, of: OURS, atMost: 1, note: noise },
  ],
  charts: [
    { file: 'pinned-sync.svg', title: 'Pinned hit, sync, one string: ns per call', metric: 'ns', variant: oneString },
    {
      file: 'pinned-sync-two.svg',
      title: 'Pinned hit, sync, two strings: ns per call (logarithmic)',
      metric: 'ns',
      variant: twoStrings,
      log: true,
    },
  ],
  nodes: { variants: [oneString, twoStrings], candidates: [FLOOR, OURS, 'lru-cache'] },
}
