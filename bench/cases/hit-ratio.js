import { policies } from './hit-ratio/policies.js'
import { traces } from './hit-ratio/traces.js'

const REQUESTS = 1_000_000

/** Nothing is timed here: the same requests meet each policy, so the numbers are the same on every machine. */
export default {
  name: 'hit-ratio',
  title: 'Hit ratio',
  about:
    'Which share of a million requests finds its entry, by what is evicted when the cache is full: a simulation with ' +
    'seeded random numbers, from an empty cache on. Each column is a capacity; Zipf goes over 10,000 keys, so 500 is ' +
    '5% of them. A scan asks for 2,000 new keys once, after every 10,000 requests; by age, the newest key is asked ' +
    'for the most; the loop has 1.1 times as many keys as the cache has places, alone or in turn with the rest. The ' +
    'row of versioned-lru-cache is the library itself, whose loads are counted; the optimum knows what will be asked ' +
    'for, and nobody can beat it.',
  rounds: 1,
  metrics: {
    at100: { title: 'hits % with 100 entries', digits: 1, better: 'more' },
    at500: { title: 'hits % with 500', digits: 1, better: 'more' },
    at1000: { title: 'hits % with 1,000', digits: 1, better: 'more' },
  },
  variants: Object.keys(traces),
  candidates: Object.entries(policies).map(([name, { package: from, how }]) => ({ name, package: from, how })),

  async measure(variant, candidate) {
    const hits = (capacity) => {
      const trace = traces[variant](REQUESTS, capacity)
      return (100 * policies[candidate].hits(trace, capacity)) / trace.length
    }
    return { at100: hits(100), at500: hits(500), at1000: hits(1000) }
  },

  targets: [],
  charts: [
    chart('zipf', 'Zipf(1.0)'),
    chart('scans', 'Zipf(1.0) and scans'),
    chart('news', 'Zipf(1.0) by age, a new key after every 3 requests'),
    chart('mix', 'Zipf(1.0) and a loop'),
  ],
}

/**
 * @param {string} name
 * @param {string} variant
 */
function chart(name, variant) {
  return { file: `hit-ratio-${name}.svg`, title: `Hits with 500 entries, %: ${variant}`, metric: 'at500', variant }
}
