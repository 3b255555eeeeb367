import { levels, measureLevel } from './sources/levels.js'

const settings = new Map([
  ['few writes', { sessions: 50, pauses: { between: 4000, before: 30 } }],
  ['many writes', { sessions: 50, pauses: { between: 400, before: 30 } }],
])

export default {
  name: 'sources-levels',
  title: 'What consistency costs on PostgreSQL',
  about: `50 requests at a time, each of which calls four functions in turn, over two tables that 8 writers move in
transactions that overlap; a pool of 20 connections, and 20 ms of the database for each load. With few writes there are
some 2 commits a second, with many some 30. Each outdates two or three of the four functions. Every row tells by which transaction it was
written: a request is stale when an output misses a commit that was acknowledged before the request asked for its
version, and mixed when its outputs were never true at one moment.`,
  rounds: 3,
  metrics: {
    rps: { title: 'requests per second', digits: 0, better: 'more' },
    p50: { title: 'p50 (ms)', digits: 1, better: 'less' },
    p99: { title: 'p99 (ms)', digits: 1, better: 'less' },
    stale: { title: 'stale requests', digits: 0, better: 'less' },
    mixed: { title: 'mixed requests', digits: 0, better: 'less' },
    mixedPercent: { title: 'mixed (%)', digits: 1, better: 'less' },
    loadsPerRequest: { title: 'loads per request', digits: 3, better: 'less' },
    commits: { title: 'commits per second', digits: 1, better: 'more' },
  },
  variants: [...settings.keys()],
  candidates: levels.map(({ name, how }) => ({ name, how })),
  /**
   * @param {string} variant
   * @param {string} candidate
   */
  measure: (variant, candidate) => measureLevel(settings.get(variant), candidate),
  targets: [
    { metric: 'stale', variant: 'many writes', of: 'pinned', atMost: 0 },
    { metric: 'stale', variant: 'many writes', of: 'runInSnapshot', atMost: 0 },
    { metric: 'mixed', variant: 'many writes', of: 'runInSnapshot', atMost: 0 },
  ],
}
