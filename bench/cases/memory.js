import { bytesPerEntry, stores } from './memory/entries.js'
import { bytesPerSession, contents, kinds } from './memory/sessions.js'

const ENTRY = 'an entry'

/** What is kept is the same for all; so only what each of them adds is left. */
export default {
  name: 'memory',
  title: 'Memory',
  about:
    'Bytes that stay on the heap and beside it (typed arrays) after a collection. An entry: beyond its key and its ' +
    'output, one of 100,000, of which the keys are there before and the output is the same for all. A session: one ' +
    'of at least 10,000 that are held, and by how much it is larger once it has pinned so many outputs, of entries ' +
    'that are there before, by a sync version function.',
  flags: ['--expose-gc'],
  rounds: 3,
  metrics: { bytes: { title: 'bytes', digits: 0, better: 'less' } },
  variants: [ENTRY, ...Object.keys(contents)],
  candidates: stores.map(({ how, ...store }) => ({
    ...store,
    how: [how, kinds[store.name]?.how ?? []].flat().join('. '),
  })),

  has: (variant, candidate) => variant === ENTRY || candidate in kinds,

  async measure(variant, candidate) {
    const bytes = variant === ENTRY ? await bytesPerEntry(candidate) : await bytesPerSession(variant, candidate)
    return { bytes }
  },

  targets: [{ metric: 'bytes', variant: ENTRY, of: 'versioned-lru-cache', to: 'lru-cache, ttl', atMost: 1.5 }],
  charts: [
    { file: 'memory-entry.svg', title: 'Bytes per entry, beyond key and output', metric: 'bytes', variant: ENTRY },
  ],
}
