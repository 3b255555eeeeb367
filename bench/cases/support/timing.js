import { GCProfiler } from 'node:v8'
import { measure } from 'mitata'
import { median } from '../../harness/statistics.js'

/** Calls before anything is measured: V8 has compiled by then what it is going to compile. */
const WARM_UP = 20_000
/** How long a step is timed, in milliseconds. */
const TIMED = 400
/**
 * Without the first, mitata times calls one by one when the first of them took long, and adds its clock to each. With
 * its four calls a turn, those of a longer function no longer fit into what the compiler puts in line.
 */
const BATCHES = { batch_threshold: Number.POSITIVE_INFINITY, batch_unroll: 1 }
const AWAITED_BATCH = 1024
const COUNTED_CALLS = 1_000_000
/** Calls that nobody waits for may hold what they need until the end. */
const COUNTED_BYTES = 128 * 2 ** 20

/** Of node, for those that count bytes. */
export const COUNTING_FLAGS = ['--expose-gc']

/**
 * The median time of a step, over batches of 4,096 steps.
 *
 * @param {() => void} step
 * @returns {Promise<number>} nanoseconds
 */
export async function nanoseconds(step) {
  for (let call = 0; call < WARM_UP; call++) step()
  const { p50 } = await measure(step, { min_cpu_time: TIMED * 1e6, ...BATCHES })
  return p50
}

/**
 * The same for steps that are awaited, one after the other, in a loop of its own: mitata's keeps so many variables,
 * which each await puts away and takes out again, that an await takes 165 ns in it instead of 135. That would make
 * all candidates look more alike than they are.
 *
 * @param {() => PromiseLike<unknown>} step
 * @returns {Promise<number>} nanoseconds
 */
export async function nanosecondsAwaited(step) {
  await repeatAwaited(step, WARM_UP)
  globalThis.gc()
  const batches = []
  const end = performance.now() + TIMED
  while (performance.now() < end) {
    const began = performance.now()
    await repeatAwaited(step, AWAITED_BATCH)
    batches.push(((performance.now() - began) * 1e6) / AWAITED_BATCH)
  }
  return median(batches)
}

async function repeatAwaited(step, calls) {
  for (let call = 0; call < calls; call++) await step()
}

/**
 * What a step allocates, over a million of them, or fewer if they are large.
 *
 * @param {() => unknown} step nothing that it returns is awaited
 */
export function bytesPerCall(step) {
  return allocated((calls) => {
    for (let call = 0; call < calls; call++) step()
  })
}

/**
 * The same for steps that are awaited, one after the other.
 *
 * @param {() => unknown} step
 */
export function bytesPerAwaitedCall(step) {
  return allocated((calls) => repeatAwaited(step, calls))
}

/** @param {(calls: number) => unknown} run */
async function allocated(run) {
  const roughly = await allocatedBy(run, 10_000)
  return allocatedBy(run, Math.floor(Math.min(COUNTED_CALLS, COUNTED_BYTES / Math.max(roughly, 1))))
}

/**
 * By how much the heap has grown, and what was collected meanwhile. (A young generation so large that nothing is
 * collected would do as well, but all time measured in it would be that of touching fresh memory: twice as long.)
 *
 * @param {(calls: number) => unknown} run
 * @param {number} calls
 */
async function allocatedBy(run, calls) {
  await new Promise((resolve) => setImmediate(resolve)) // what was called and not awaited comes to its end
  globalThis.gc()
  const profiler = new GCProfiler()
  profiler.start()
  const before = process.memoryUsage().heapUsed
  await run(calls)
  const growth = process.memoryUsage().heapUsed - before
  const collected = profiler.stop().statistics.map(({ beforeGC, afterGC }) => used(beforeGC) - used(afterGC))
  return collected.reduce((sum, bytes) => sum + bytes, growth) / calls
}

function used({ heapStatistics }) {
  return heapStatistics.usedHeapSize
}
