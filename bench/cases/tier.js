import { candidates } from './tier/candidates.js'
import { measure } from './tier/measure.js'

const OURS = 'versioned-lru-cache'
const NO_TIER = `${OURS} (no tier)`
const PATIENT = `${OURS} (tierTimeout)`
const NAMES = [OURS, `${OURS} (ioredis)`, `${OURS} (JSON)`, PATIENT, NO_TIER, 'bentocache', 'cacheable']

/** @type {Record<string, import('./tier/measure.js').Size>} */
const SIZES = {
  '100 B': { bytes: 100, max: 1000, keys: 4000 },
  '10 KB': { bytes: 10_000, max: 250, keys: 1000 },
  '1 MB': { bytes: 1_000_000, max: 16, keys: 64 },
}

const KINDS = ['LRU hit', 'tier hit', 'miss']

/** @type {Map<string, { kind: import('./tier/measure.js').Kind, size: import('./tier/measure.js').Size }>} */
const settings = new Map(
  KINDS.flatMap((kind) => Object.entries(SIZES).map(([name, size]) => [`${kind}, ${name}`, { kind, size }])),
)

export default {
  name: 'tier',
  title: 'Two tiers',
  about: `An LRU over one Redis on the same machine. A hit of the LRU; a hit of the tier, whose entry another process has
written, and which the LRU has not; and a miss, whose loader takes no time, and whose output is written to the tier.
Outputs are records as an API gives them, of 100 B, 10 KB and 1 MB as JSON. One call after the other for the times and
the bytes, 16 at once for the calls per second. Bytes are counted by Redis. versioned-lru-cache has a version function
that is free here: what a real one costs comes on top, once per session. Its outputs are written behind the call, and
the calls per second count until all has been written. By default it waits 100 ms for the tier (\`tierTimeout\`) and then loads,
which is free here; the others wait as long as it takes.`,
  rounds: 3,
  metrics: {
    ops: { title: 'calls per second', digits: 0, better: 'more' },
    p50: { title: 'p50 (µs)', digits: 1, better: 'less' },
    p99: { title: 'p99 (µs)', digits: 1, better: 'less' },
    sent: { title: 'bytes to Redis per call', digits: 0, better: 'less' },
    received: { title: 'bytes from Redis per call', digits: 0, better: 'less' },
    loads: { title: 'loads per call', digits: 3, better: 'less' },
    loadsAtOnce: { title: 'loads per call, 16 at once', digits: 3, better: 'less' },
  },
  variants: [...settings.keys()],
  candidates: NAMES.map((name) => ({ name, package: candidates[name].package, how: candidates[name].how })),
  /**
   * @param {string} variant
   * @param {string} candidate
   */
  has: (variant, candidate) =>
    candidate === NO_TIER
      ? settings.get(variant).kind !== 'tier hit'
      : candidate !== PATIENT || settings.get(variant).kind === 'tier hit',
  /**
   * @param {string} variant
   * @param {string} candidate
   */
  measure: (variant, candidate) => measure(settings.get(variant), candidate),
  targets: [
    { metric: 'loads', variant: 'tier hit, 100 B', of: OURS, atMost: 0 },
    { metric: 'loads', variant: 'tier hit, 1 MB', of: OURS, atMost: 0 },
  ],
  charts: [
    { file: 'tier-hit.svg', title: 'Tier hit, 10 KB: p50 (µs)', metric: 'p50', variant: 'tier hit, 10 KB' },
    { file: 'tier-miss.svg', title: 'Miss, 10 KB: p50 (µs)', metric: 'p50', variant: 'miss, 10 KB' },
  ],
}
