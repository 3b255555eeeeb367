import { runInSession, Session, versionedLruCache } from '../../dist/index.js'
import { firstHitFloors } from './support/first-hit-floors.js'
import { PICKS, zipfPicks } from './support/keys.js'
import { requireLoads } from './support/loads.js'
import { bytesPerAwaitedCall, bytesPerCall, COUNTING_FLAGS, nanoseconds, nanosecondsAwaited } from './support/timing.js'

const OURS = 'versioned-lru-cache'
const FLOOR = 'floor'
const FLOOR_IN_RUN = 'floor in run'
const MANY = 20
const KEYS = Array.from({ length: 1000 }, (_, n) => `key${n}`)

/** What every check reads and counts. No constant, which the compiler would not read at all. */
const source = { version: 1, checks: 0 }
/** What an explicit session is read from. */
const request = { session: undefined }
/** What every step adds to, so that no call can be left out. */
const consumed = { sum: 0 }

/** @typedef {import('./support/first-hit-floors.js').Parts} Parts */
/** @typedef {import('./support/first-hit-floors.js').Call} Call */
/** @typedef {{ isAsync: boolean, session: string, functions: number, ttl?: number }} Variant */

const EXPLICIT = nameOf('sync', 'explicit', 1)
const AMBIENT = nameOf('sync', 'ambient', 1)

/** @type {Record<string, Variant>} */
const VARIANTS = Object.fromEntries(
  ['sync', 'async'].flatMap((kind) =>
    ['explicit', 'ambient', 'no'].flatMap((session) =>
      [1, MANY].map((functions) => [
        nameOf(kind, session, functions),
        { isAsync: kind === 'async', session, functions },
      ]),
    ),
  ),
)
VARIANTS[`${EXPLICIT}, no TTL`] = { ...VARIANTS[EXPLICIT], ttl: Number.POSITIVE_INFINITY }

/**
 * @param {string} kind
 * @param {string} session
 * @param {number} functions
 */
function nameOf(kind, session, functions) {
  return `${kind} version, ${session} session${functions === 1 ? '' : `, ${functions} functions`}`
}

/**
 * @param {Parts} parts
 * @param {Variant} variant
 * @returns {Call} each time in a new session
 */
function ours({ isAsync, version, load }, { session, ttl }) {
  const explicit = session === 'explicit' ? () => request.session : undefined
  const cached = versionedLruCache(isAsync ? async (key) => load(key) : load, { version, ttl, session: explicit })
  if (session === 'ambient') return (key) => runInSession(() => cached(key))
  if (session === 'no') return (key) => cached(key)
  return (key) => {
    request.session = new Session()
    return cached(key)
  }
}

function check() {
  source.checks++
  return source.version
}

/**
 * One call after the other by Zipf's law, of each function in turn.
 *
 * @param {Call[]} calls
 * @param {boolean} isAsync
 */
function stepsOf(calls, isAsync) {
  const picked = zipfPicks(KEYS.length).map((pick) => KEYS[pick])
  const [only] = calls
  let index = 0
  let turn = 0
  const alone = () => {
    index = (index + 1) & (PICKS - 1)
    return only(picked[index])
  }
  const inTurn = () => {
    index = (index + 1) & (PICKS - 1)
    turn = turn === MANY - 1 ? 0 : turn + 1
    return calls[turn](picked[index])
  }
  const call = calls.length === 1 ? alone : inTurn
  return isAsync ? call : () => consume(call())
}

function consume({ n }) {
  consumed.sum = (consumed.sum + n) | 0
}

/**
 * Makes sure that each call checks, gives the output of its key, and loads it only once.
 *
 * @param {Call[]} calls
 * @param {{ loads: number }} counted
 */
async function fill(calls, counted) {
  for (const call of calls) {
    for (const key of [...KEYS, ...KEYS]) {
      const { n } = await call(key)
      if (key !== `key${n}`) throw new Error(`It gives the output of key${n} for ${key}.`)
    }
  }
  requireLoads(counted, KEYS.length * calls.length)
  const wanted = 2 * KEYS.length * calls.length
  if (source.checks !== wanted) throw new Error(`It has checked ${source.checks} times in ${wanted} calls.`)
}

export default {
  name: 'first-hit',
  title: 'First hit of a session',
  about: `Each call is the first one of a new session, and finds a kept output whose version is still the current one.
1,000 keys by Zipf's law. Explicit session: \`session = new Session()\`, then the call; ambient:
\`runInSession(() => f(key))\`; none: the call alone. The floor is a bare LRU (a \`Map\`, and links through its entries):
call the same version function, look up, touch, compare. It has no session and no TTL; the floor with clock compares
the age too, the floor in run does its work in an \`AsyncLocalStorage.run\`. With 20 functions, each call is another
one's.`,
  flags: COUNTING_FLAGS,
  rounds: 5,
  metrics: {
    ns: { title: 'ns per call', digits: 0, better: 'less' },
    bytes: { title: 'bytes per call', digits: 0, better: 'less' },
  },
  variants: Object.keys(VARIANTS),
  candidates: [
    { name: FLOOR, how: 'a bare LRU' },
    { name: 'floor with clock', how: 'a bare LRU, and `performance.now()`' },
    { name: FLOOR_IN_RUN, how: 'a bare LRU in an `AsyncLocalStorage.run`' },
    { name: OURS, package: OURS, how: 'a `version`, `session: () => session` if explicit; `ttl: Infinity` if no TTL' },
    { name: 'lru-cache', package: 'lru-cache', how: '`get`, `max: 1000`, `ttl` of an hour; version compared by hand' },
  ],
  has: (variant, candidate) => candidate !== FLOOR_IN_RUN || VARIANTS[variant].session === 'ambient',

  async measure(name, candidate) {
    const variant = VARIANTS[name]
    const counted = { loads: 0 }
    const load = (key) => {
      counted.loads++
      return { n: Number(key.slice('key'.length)) }
    }
    const { isAsync, functions } = variant
    const parts = { isAsync, load, version: isAsync ? async () => check() : check }
    const make = candidate === OURS ? ours : firstHitFloors[candidate]
    const calls = await Promise.all(Array.from({ length: functions }, () => make(parts, variant)))
    await fill(calls, counted)
    const step = stepsOf(calls, isAsync)
    const ns = await (isAsync ? nanosecondsAwaited(step) : nanoseconds(step))
    const bytes = await (isAsync ? bytesPerAwaitedCall(step) : bytesPerCall(step))
    requireLoads(counted, KEYS.length * functions)
    return { ns, bytes }
  },

  targets: [
    { metric: 'ns', variant: EXPLICIT, of: OURS, to: FLOOR, atMost: 2 },
    { metric: 'ns', variant: `${EXPLICIT}, no TTL`, of: OURS, to: FLOOR, atMost: 2, note: 'without the clock' },
  ],
  charts: [
    {
      file: 'first-hit.svg',
      title: 'First hit of an explicit session, sync: ns per call',
      metric: 'ns',
      variant: EXPLICIT,
    },
  ],
  nodes: { variants: [EXPLICIT, AMBIENT, nameOf('async', 'ambient', 1)], candidates: [FLOOR, OURS] },
}
