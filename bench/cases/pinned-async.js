import { AsyncLocalStorage } from 'node:async_hooks'
import { runInSession, versionedLruCache } from '../../dist/index.js'
import { asyncPeers } from './support/async-peers.js'
import { PICKS, zipfPicks } from './support/keys.js'
import { requireLoads } from './support/loads.js'
import { bytesPerAwaitedCall, bytesPerCall, COUNTING_FLAGS, nanosecondsAwaited } from './support/timing.js'

const KEYS = Array.from({ length: 100 }, (_, n) => `key${n}`)
const VARIANT = 'one string, ambient session'
const OURS = 'versioned-lru-cache'
const FLOOR = 'floor'
const FLOOR_WITH_LOOKUP = 'floor with look-up'

const storage = new AsyncLocalStorage()

/** @typedef {import('./support/async-peers.js').Call} Call */
/** @typedef {(work: () => Promise<unknown>) => Promise<unknown>} Around */

/** All awaits cost more inside of `run`, so that every candidate has to be in one. */
const inStorage = (work) => storage.run(new Map(), work)

/** @type {Record<string, (load: Call) => Promise<{ call: Call, around: Around }>>} */
const own = {
  async [OURS](load) {
    return { call: versionedLruCache(load, { version: async () => 1 }), around: runInSession }
  },
  /** An await of one promise, always the same: what no function that gives promises can be faster than. */
  async [FLOOR](load) {
    const output = load(KEYS[0])
    return { call: () => output, around: inStorage }
  },
  /** The least that pinning needs: find the session, and in it the promise. */
  async [FLOOR_WITH_LOOKUP](load) {
    const call = (key) => storage.getStore().get(key) ?? keep(key, load(key))
    const keep = (key, output) => storage.getStore().set(key, output).get(key)
    return { call, around: inStorage }
  },
}

/**
 * @param {string} name
 * @param {Call} load
 */
async function candidateOf(name, load) {
  return own[name]?.(load) ?? { call: await asyncPeers[name](load), around: inStorage }
}

/**
 * Fills the cache, and makes sure that it gives each key its own output, and from then on without loading.
 *
 * @param {Call} call
 * @param {string[]} keys
 * @param {{ loads: number }} counted
 */
async function fill(call, keys, counted) {
  for (const key of [...keys, ...keys]) {
    const { n } = await call(key)
    if (key !== `key${n}`) throw new Error(`It gives the output of key${n} for ${key}.`)
  }
  requireLoads(counted, keys.length)
}

/** @param {Call} call */
function stepsOf(call) {
  const picked = zipfPicks(KEYS.length).map((pick) => KEYS[pick])
  let index = 0
  return () => {
    index = (index + 1) & (PICKS - 1)
    return call(picked[index])
  }
}

export default {
  name: 'pinned-async',
  title: 'Pinned hit, async',
  about: `An awaited call whose output the session has got already: one string, 100 keys by Zipf's law, all outputs are
there and each call is checked to be a hit. Everything runs inside of an \`AsyncLocalStorage\`, as a request does; it
makes each await dearer. The floor awaits one promise, always the same; the floor with look-up finds the session and
the promise in it first. A bare call is one that is not awaited; where calls of one key share what is under way, as in
async-cache-dedupe and p-memoize, bare calls come so fast that they do. Peers check no version and know no session.`,
  flags: COUNTING_FLAGS,
  rounds: 5,
  metrics: {
    ns: { title: 'ns per awaited call', digits: 0, better: 'less' },
    bytes: { title: 'bytes per awaited call', digits: 0, better: 'less' },
    bareBytes: { title: 'bytes per bare call', digits: 0, better: 'less' },
  },
  variants: [VARIANT],
  candidates: [
    { name: FLOOR, how: 'returns one promise' },
    { name: FLOOR_WITH_LOOKUP, how: '`getStore()` and `Map.get`' },
    { name: OURS, package: OURS, how: 'an async `version`; otherwise defaults' },
    { name: 'lru-cache', package: 'lru-cache', how: '`fetch` with `fetchMethod`, `max: 1000`' },
    { name: 'memoizee', package: 'memoizee', how: '`promise: true`, `primitive: true`, `max: 1000`' },
    { name: 'p-memoize', package: 'p-memoize', how: 'defaults; no bound' },
    { name: 'async-cache-dedupe', package: 'async-cache-dedupe', how: 'memory storage of 1000, `ttl` of an hour' },
    { name: 'cache-manager', package: 'cache-manager', how: '`wrap`, its own memory store; no bound' },
    { name: 'ocache', package: 'ocache', how: '`defineCachedFunction`, `getKey`, `maxAge` of an hour, `swr: false`' },
    { name: 'cachified', package: '@epic-web/cachified', how: 'a `Map` as its cache, no TTL; no bound' },
    {
      name: 'bentocache',
      package: 'bentocache',
      how: '`getOrSet`, memory only, `maxItems: 1000`, `serialize: false`, no TTL',
    },
    { name: 'cacheable', package: 'cacheable', how: '`getOrSet`, `createKeyv({ lruSize: 1000, useClone: false })`' },
  ],

  async measure(_variant, candidate) {
    const counted = { loads: 0 }
    const { call, around } = await candidateOf(candidate, async (key) => {
      counted.loads++
      return { n: Number(key.slice('key'.length)) }
    })
    const keys = candidate === FLOOR ? [KEYS[0]] : KEYS
    return around(async () => {
      await fill(call, keys, counted)
      const step = stepsOf(call)
      const ns = await nanosecondsAwaited(step)
      const bytes = await bytesPerAwaitedCall(step)
      const bareBytes = await bytesPerCall(step)
      requireLoads(counted, keys.length)
      return { ns, bytes, bareBytes }
    })
  },

  targets: [
    { metric: 'ns', variant: VARIANT, of: OURS, to: FLOOR, atMost: 1.25 },
    { metric: 'ns', variant: VARIANT, of: OURS, to: 'lru-cache', atMost: 0.65 },
    { metric: 'ns', variant: VARIANT, of: OURS, to: 'p-memoize', atMost: 0.25 },
    { metric: 'ns', variant: VARIANT, of: OURS, to: 'async-cache-dedupe', atMost: 0.18 },
    { metric: 'ns', variant: VARIANT, of: OURS, to: 'cachified', atMost: 0.05 },
    { metric: 'ns', variant: VARIANT, of: OURS, to: 'ocache', atMost: 0.05 },
    { metric: 'ns', variant: VARIANT, of: OURS, to: 'bentocache', atMost: 0.05 },
    { metric: 'bareBytes', variant: VARIANT, of: OURS, atMost: 1, note: 'less than 1 is measuring noise' },
  ],
  charts: [
    {
      file: 'pinned-async.svg',
      title: 'Pinned hit, async: ns per awaited call (logarithmic)',
      metric: 'ns',
      variant: VARIANT,
      log: true,
    },
  ],
  nodes: { variants: [VARIANT], candidates: [FLOOR, OURS, 'lru-cache'] },
}
