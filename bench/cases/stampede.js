import { stampede } from './stampede/crowd.js'
import { peers } from './stampede/peers.js'

/** @type {Record<string, import('./stampede/crowd.js').Crowd>} */
const crowds = {
  '1,000 callers': { callers: 1000, fails: false },
  '10,000 callers': { callers: 10_000, fails: false },
  '1,000 callers of a loader that fails': { callers: 1000, fails: true },
  '10,000 callers of a loader that fails': { callers: 10_000, fails: true },
}

/** One key that everybody wants at once. */
export default {
  name: 'stampede',
  title: 'Stampede',
  about:
    'So many callers ask in one go for a key that is not there, and wait. The loader takes 20 ms, of a timer. For ' +
    'versioned-lru-cache every caller is a session of its own with an async version function of 1 ms, which is part ' +
    'of its time: a check that runs already is not good enough for who asks now, so there are two of them. How often ' +
    'it was loaded until everybody had an answer, and the time that this took beyond one load. (bentocache runs a ' +
    'loader that fails once for each caller, one after the other: 10,000 of them would take minutes and are left out.)',
  rounds: 5,
  metrics: {
    loads: { title: 'loads', digits: 0, better: 'less' },
    checks: { title: 'checks', digits: 0, better: 'less' },
    ms: { title: 'ms beyond a load', digits: 1, better: 'less' },
  },
  variants: Object.keys(crowds),
  candidates: Object.entries(peers).map(([name, { package: from, how }]) => ({ name, package: from, how })),

  has: (variant, candidate) => candidate !== 'bentocache' || !(crowds[variant].fails && crowds[variant].callers > 1000),

  async measure(variant, candidate) {
    return stampede(await peers[candidate].get(), crowds[variant])
  },

  targets: [],
  charts: [
    {
      file: 'stampede.svg',
      title: '10,000 callers of one cold key: ms beyond the load',
      metric: 'ms',
      variant: '10,000 callers',
      log: true,
    },
  ],
}
