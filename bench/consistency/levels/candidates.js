import { readConsistently, runInSession, versionedLruCache } from '../../../dist/index.js'
import { runInSnapshot, tableVersions } from '../../../dist/integrations/postgres.js'
import { FOUR_FUNCTIONS, TWO_KEYS, TWO_SOURCES } from '../shapes.js'

const LEVELS = [
  { name: 'no cache', how: 'every read loads', isCached: false, enter: (_pool, work) => work() },
  { name: 'pinned', how: '`runInSession` around each request', enter: (_pool, work) => runInSession(work) },
  {
    name: 'readConsistently',
    how: '`readConsistently` around each request, with its three attempts',
    restarts: true,
    enter: (_pool, work) => readConsistently(work),
  },
  {
    name: 'runInSnapshot',
    how: '`runInSnapshot` around each request',
    asksAtOnce: true,
    enter: runInSnapshot,
  },
]

const SHAPES = [
  { shape: TWO_KEYS, readsOf: oneFunction },
  { shape: TWO_SOURCES, readsOf: oneEach },
  { shape: FOUR_FUNCTIONS, readsOf: oneOfAnother },
]

/**
 * Each level with each shape.
 *
 * @param {import('./database.js').Database} database
 */
export function levelsOn(database) {
  return SHAPES.flatMap(({ shape, readsOf }) =>
    LEVELS.map(({ isCached = true, enter, ...level }) => ({
      ...level,
      shape,
      world: database.World,
      make(world) {
        const wrap = isCached ? versionedLruCache : (load) => load
        const reads = readsOf(world, wrap)
        return { read: (name) => reads[name](), invalidate() {}, request: (work) => enter(world.pool, work) }
      },
    })),
  )
}

/** @returns {Record<string, () => unknown>} */
function oneFunction({ pool, load }, wrap) {
  const read = wrap(load, { version: tableVersions(pool, ['a', 'b']).of((key) => key) })
  return { a: () => read('a'), b: () => read('b') }
}

function oneEach({ pool, load }, wrap) {
  const readOf = (key) => wrap(() => load(key), { version: tableVersions(pool, [key]).of(() => key) })
  return { a: readOf('a'), b: readOf('b') }
}

/** What is made of others has no version of its own. */
function oneOfAnother({ pool, load }, wrap) {
  const tables = tableVersions(pool, ['a', 'b'])
  const a = wrap(() => load('a'), { version: tables.of(() => 'a') })
  const b = wrap(() => load('b'), { version: tables.of(() => 'b') })
  const both = wrap(() => Promise.all([a(), b()]), {})
  const page = wrap(async () => [...(await both()), await b()], {})
  return { a, b, both, page }
}
