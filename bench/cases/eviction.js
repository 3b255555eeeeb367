import { memos } from './eviction/memos.js'
import { nanosecondsPerCall } from './eviction/timing.js'
import { traffics } from './eviction/traffic.js'

const MAX = 1000
const ALL_NEW = 'every call a new key'
const NO_CACHE = 'no cache'

/** What there is to a call that finds nothing: the look-up, the load, and room for what was loaded. */
export default {
  name: 'eviction',
  title: 'Miss and eviction',
  about:
    'Sync calls of a cache that is full: 1,000 entries, one of which goes for each new key. Every call asks for a ' +
    'new key, a string that is made for it; or nine of ten calls ask for one of 300 keys at random (uniformly), ' +
    'which stay, and the tenth for a new one. The loader makes a small object. Median of 15 batches of 100,000 ' +
    'calls, each with its share of collections.',
  rounds: 5,
  metrics: { ns: { title: 'ns per call', digits: 0, better: 'less' } },
  variants: Object.keys(traffics),
  candidates: [
    ...Object.entries(memos)
      .filter(([name]) => name !== 'Map') // it does not evict
      .map(([name, { package: from, how }]) => ({ name, package: from, how })),
    { name: NO_CACHE, how: 'every call makes its key and loads: what is in the other rows, too' },
  ],

  has: (variant, candidate) => candidate !== NO_CACHE || variant === ALL_NEW,

  async measure(variant, candidate) {
    const make = candidate === NO_CACHE ? (_max, load) => load : await memos[candidate].get()
    return { ns: nanosecondsPerCall((load) => make(MAX, load), traffics[variant]()) }
  },

  targets: [],
  charts: [
    {
      file: 'eviction.svg',
      title: 'A new key in a full cache: ns per call',
      metric: 'ns',
      variant: ALL_NEW,
    },
  ],
}
