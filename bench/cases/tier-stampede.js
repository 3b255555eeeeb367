import { setTimeout as pause } from 'node:timers/promises'
import { candidates } from './tier/candidates.js'
import { withRedis } from './tier/redis.js'
import { rush } from './tier-stampede/rush.js'

const OURS = 'versioned-lru-cache'
const NO_TIER = 'without a tier'
const WITH_TIER = 'with the tier'
const NOBODY = 'with the tier, and nothing listens at its address'
const SILENCE = 'with the tier, and its server answers nothing'
const NAMES = [
  OURS,
  `${OURS} (ioredis)`,
  'bentocache',
  'bentocache (commandTimeout)',
  'cacheable',
  'cacheable (non-blocking)',
]

/** What becomes of Redis when all processes are connected. */
const BEFORE = {
  [WITH_TIER]: () => {},
  [SILENCE]: (server) => server.hang(),
  /** A moment later they know that the connection is gone, and try to get it back. */
  [NOBODY]: (server) => server.kill().then(() => pause(500)),
}

export default {
  name: 'tier-stampede',
  title: 'Stampede of several processes',
  about: `8 processes on two cores, with 100 callers each, ask in one go for a key that is not there, and wait. The loader
takes 200 ms, of a timer. How often it was loaded in all processes together, and when everybody had an answer. Redis goes
when all are connected: nothing listens any more, or the server is stopped (SIGSTOP), so that connections stay and nothing
is answered. Who has no answer after 30 seconds is counted as unanswered.`,
  rounds: 3,
  metrics: {
    loads: { title: 'loads', digits: 0, better: 'less' },
    ms: { title: 'ms until all have an answer', digits: 0, better: 'less' },
    unanswered: { title: 'unanswered', digits: 0, better: 'less' },
  },
  variants: [WITH_TIER, NOBODY, SILENCE, NO_TIER],
  candidates: NAMES.map((name) => ({ name, package: candidates[name].package, how: candidates[name].how })),
  /** Without a tier, all ways to use one are the same. */
  has: (variant, candidate) => variant !== NO_TIER || !candidate.includes(' ('),
  /**
   * @param {string} variant
   * @param {string} candidate
   */
  measure: (variant, candidate) =>
    variant === NO_TIER
      ? rush(candidate, 'none', async () => {})
      : withRedis((server) => rush(candidate, server.port, async () => BEFORE[variant](server))),
  targets: [
    { metric: 'loads', variant: WITH_TIER, of: OURS, atMost: 1 },
    { metric: 'loads', variant: NOBODY, of: OURS, atMost: 8, note: 'one in each process' },
    { metric: 'loads', variant: SILENCE, of: OURS, atMost: 8, note: 'one in each process' },
    { metric: 'unanswered', variant: SILENCE, of: OURS, atMost: 0 },
  ],
}
