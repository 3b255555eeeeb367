import { firstHits, source } from './nesting/first-hits.js'
import { measurePinned } from './nesting/pinned-hits.js'
import { PICKS, zipfPicks } from './support/keys.js'
import { requireLoads } from './support/loads.js'
import { bytesPerCall, COUNTING_FLAGS, nanoseconds } from './support/timing.js'

const OURS = 'versioned-lru-cache'
const FLOOR = 'floor'
const KEYS = Array.from({ length: 100 }, (_, n) => `key${n}`)

const PINNED = 'pinned hit'
const PINNED_IN_LOAD = 'pinned hit in a load'
const NO_PART = 'first hit, no part'

/** @type {Map<string, import('./nesting/first-hits.js').Variant>} */
const FIRST_HITS = new Map([
  [NO_PART, { parts: 0, isShared: false }],
  ...[1, 10, 100].flatMap((parts) => [
    [`first hit, parts with a version each: ${parts}`, { parts, isShared: false }],
    [`first hit, parts of one source: ${parts}`, { parts, isShared: true }],
  ]),
])

/** What every step adds to, so that no call can be left out. */
const consumed = { sum: 0 }

/** One call after the other by Zipf's law. */
function stepsOf(call) {
  const picked = zipfPicks(KEYS.length).map((pick) => KEYS[pick])
  let index = 0
  return () => {
    index = (index + 1) & (PICKS - 1)
    consumed.sum = (consumed.sum + call(picked[index]).n) | 0
  }
}

/** Makes sure that each call gives the output of its key, and that a hit checks as often as it has to, and no more. */
function fill(call, { parts, isShared }) {
  for (const key of KEYS) call(key)
  source.checks = 0
  for (const key of KEYS) if (key !== `key${call(key).n}`) throw new Error(`It gives another output for ${key}.`)
  const wanted = KEYS.length * (isShared ? 1 : 1 + parts)
  if (source.checks !== wanted) throw new Error(`It has checked ${source.checks} times instead of ${wanted} times.`)
}

async function timesOf(step) {
  return { ns: await nanoseconds(step), bytes: await bytesPerCall(step) }
}

export default {
  name: 'nesting',
  title: 'Cached functions that call cached functions',
  about: `A pinned hit, in a session and in a load of it: 100 keys by Zipf's law, one string each; the floor is
\`getStore()\` and \`Map.get\`. And the first hit of an explicit session for a page that was made of parts, all of them
cached functions with sync versions: of no part, and of 1, 10 and 100, either with a version each, so that there are as
many checks and one for the page, or of one \`versionSource\`, so that there is one check. 100 pages by Zipf's law. The
floor is a bare LRU whose entries have a list of versions: it checks as often, and compares each.`,
  flags: COUNTING_FLAGS,
  rounds: 5,
  metrics: {
    ns: { title: 'ns per call', digits: 0, better: 'less' },
    bytes: { title: 'bytes per call', digits: 0, better: 'less' },
  },
  variants: [PINNED, PINNED_IN_LOAD, ...FIRST_HITS.keys()],
  candidates: [
    { name: FLOOR, how: 'the least that has to be done' },
    { name: OURS, package: OURS, how: 'a sync `version`; `session: () => session` for first hits; otherwise defaults' },
  ],

  async measure(name, candidate) {
    const variant = FIRST_HITS.get(name)
    if (variant === undefined) return measurePinned(candidate, name === PINNED_IN_LOAD, timesOf)
    const counted = { loads: 0 }
    const load = (key) => {
      counted.loads++
      return { n: Number(key.slice('key'.length)) }
    }
    const call = firstHits[candidate](load, variant)
    fill(call, variant)
    const times = await timesOf(stepsOf(call))
    requireLoads(counted, KEYS.length)
    return times
  },

  targets: [],
}
