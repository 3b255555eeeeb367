import { candidates } from './service/candidates.js'
import { REGIONS } from './service/database.js'
import { measure } from './service/measure.js'

const OURS = 'versioned-lru-cache'
const BUSY = 'hot key, 100 connections, writes on'
const CALM = 'hot key, 100 connections, writes off'

/** Why a cache without stale answers has less time to answer than others. */
const HALF = 'no fresh answer exists from each commit until a load of 50 ms has ended: half of the time'

const KEYS = { 'hot key': REGIONS.slice(0, 1), '20 keys': REGIONS }

/** @type {Map<string, import('./service/measure.js').Settings>} */
const settings = new Map([...variantsOf([1, 10, 100, 500], true), ...variantsOf([100], false)])

/**
 * @param {number[]} connections
 * @param {boolean} writes
 */
function variantsOf(connections, writes) {
  return Object.entries(KEYS).flatMap(([keys, regions]) =>
    connections.map((number) => {
      const name = `${keys}, ${number} connection${number === 1 ? '' : 's'}, writes ${writes ? 'on' : 'off'}`
      return [name, { regions, connections: number, writes }]
    }),
  )
}

export default {
  name: 'service',
  title: 'A service under load',
  about: `Fastify with a pool of 10 connections to a real PostgreSQL, and autocannon in another process, whose connections
each wait for an answer before they ask again. A report adds up 5,000 rows, and the database sleeps until 50 ms are
over. A writer commits ten times a second, to the keys in turn; data and counter in one transaction. An answer is
stale when the counter in it is lower than the one that the writer had been told is committed before the request was
sent: the writer and the client are one process, so this is seen and not estimated. A cache that gives no stale answer
cannot answer at all from a commit until a report that began after it is there: on a hot key half of the time.`,
  rounds: 3,
  metrics: {
    rps: { title: 'requests per second', digits: 0, better: 'more' },
    p50: { title: 'p50 (ms)', digits: 1, better: 'less' },
    p99: { title: 'p99 (ms)', digits: 1, better: 'less' },
    stale: { title: 'stale answers', digits: 0, better: 'less' },
    stalePercent: { title: 'stale (%)', digits: 1, better: 'less' },
    checksPerRequest: { title: 'checks per request', digits: 3, better: 'less' },
    loadsPerRequest: { title: 'loads per request', digits: 5, better: 'less' },
    checksAtOnce: { title: 'checks of a key at once', digits: 0, better: 'less' },
    serverCpu: { title: "server's processor time per request (µs)", digits: 0, better: 'less' },
    clientCpu: { title: "client's processor time per request (µs)", digits: 0, better: 'less' },
    commits: { title: 'commits per second', digits: 1, better: 'more' },
    errors: { title: 'errors', digits: 0, better: 'less' },
  },
  variants: [...settings.keys()],
  candidates: candidates.map(({ name, package: npm, how }) => ({ name, package: npm, how })),
  /**
   * @param {string} variant
   * @param {string} candidate
   */
  measure: (variant, candidate) => measure(settings.get(variant), candidate),
  targets: [
    { metric: 'rps', variant: BUSY, of: OURS, to: 'lru-cache', atLeast: 0.8, note: HALF },
    { metric: 'rps', variant: CALM, of: OURS, to: 'lru-cache', atLeast: 0.8, note: 'the same with writes off' },
    { metric: 'rps', variant: BUSY, of: OURS, to: 'no cache', atLeast: 50, note: HALF },
    { metric: 'rps', variant: CALM, of: OURS, to: 'no cache', atLeast: 50, note: 'the same with writes off' },
    { metric: 'stale', variant: BUSY, of: OURS, atMost: 0 },
    { metric: 'checksPerRequest', variant: BUSY, of: OURS, atMost: 0.1 },
  ],
  charts: [
    { file: 'service-rps.svg', title: `Requests per second: ${BUSY}`, metric: 'rps', variant: BUSY, log: true },
    { file: 'service-stale.svg', title: `Stale answers, %: ${BUSY}`, metric: 'stalePercent', variant: BUSY },
  ],
}
