import { levels, measureLevel } from './sources/levels.js'

/** By how many commits there are in the time that a load takes. How long the 8 writers pause for that was tried out. */
const settings = new Map([
  ['0.1 writes per load', { sessions: 50, pauses: { between: 6800, before: 30 } }],
  ['1 write per load', { sessions: 50, pauses: { between: 1340, before: 30 } }],
  ['10 writes per load', { sessions: 50, pauses: { between: 110, before: 30 } }],
])

export default {
  name: 'sources-levels',
  title: 'What consistency costs on PostgreSQL',
  about: `50 requests at a time, each of which calls four functions in turn, over two tables that 8 writers move in
transactions that overlap; a pool of 20 connections, and 100 ms of the database for each load. Writes per load are the
commits in these 100 ms: some 1, 10 and 100 commits a second. Each outdates two or three of the four functions. Every row
tells by which transaction it was written: a request is stale when an output misses a commit that was acknowledged
before the request asked for its version, and mixed when its outputs were never true at one moment. A request is given
up by \`readConsistently\` after three attempts; it counts for the times, and not for the requests per second.`,
  rounds: 3,
  metrics: {
    rps: { title: 'requests per second', digits: 0, better: 'more' },
    p50: { title: 'p50 (ms)', digits: 1, better: 'less' },
    p99: { title: 'p99 (ms)', digits: 1, better: 'less' },
    stale: { title: 'stale requests', digits: 0, better: 'less' },
    mixed: { title: 'mixed requests', digits: 0, better: 'less' },
    mixedPerMillion: { title: 'mixed per million', digits: 0, better: 'less' },
    restarts: { title: 'restarts per request', digits: 2, better: 'less' },
    givenUpPercent: { title: 'given up (%)', digits: 1, better: 'less' },
    loadsPerRequest: { title: 'loads per request', digits: 3, better: 'less' },
    commits: { title: 'commits per second', digits: 1, better: 'more' },
    writesPerLoad: { title: 'writes per load', digits: 2, better: 'more' },
  },
  variants: [...settings.keys()],
  candidates: levels.map(({ name, how }) => ({ name, how })),
  /**
   * @param {string} variant
   * @param {string} candidate
   */
  measure: (variant, candidate) => measureLevel(settings.get(variant), candidate),
  // At 10 writes per load nothing is left of `readConsistently` that could be wrong.
  targets: [
    { metric: 'stale', variant: '10 writes per load', of: 'pinned', atMost: 0 },
    { metric: 'stale', variant: '10 writes per load', of: 'runInSnapshot', atMost: 0 },
    { metric: 'mixed', variant: '10 writes per load', of: 'runInSnapshot', atMost: 0 },
    { metric: 'stale', variant: '0.1 writes per load', of: 'readConsistently', atMost: 0 },
    { metric: 'mixed', variant: '0.1 writes per load', of: 'readConsistently', atMost: 0 },
  ],
}
