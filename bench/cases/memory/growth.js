import { setImmediate } from 'node:timers/promises'

/** How often a thing is built before: what V8 compiles meanwhile stays, too, and is not what is asked for. */
const BEFORE = 3
/** How often it is built at all. */
export const BUILDS = BEFORE + 1

/**
 * By how many bytes memory is larger while what was built is held.
 *
 * @template T
 * @param {() => T} build
 * @returns {Promise<{ bytes: number, built: T }>}
 */
export async function growthBy(build) {
  for (let time = 0; time < BEFORE; time++) build()
  const before = await usedAtRest()
  const built = build()
  const bytes = (await usedAtRest()) - before
  return { bytes, built }
}

/** Of the heap, and of what lies outside of it: typed arrays do. */
async function usedAtRest() {
  for (let time = 0; time < 3; time++) {
    await setImmediate() // a turn's own references end with it
    globalThis.gc()
  }
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}
