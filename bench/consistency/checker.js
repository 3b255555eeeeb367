/**
 * What was counted for one candidate. A *first read* is the first time that a request asks for a key; a *re-read*
 * asks for what the request has already got.
 */
export function newTally() {
  return {
    runs: 0,
    requests: 0,
    reads: 0,
    loads: 0,
    checks: 0,
    firstReads: 0,
    /** First reads that gave data older than a write acknowledged before their version was asked for. */
    stale: 0,
    rereads: 0,
    /** Re-reads that did so. A request that holds on to its first output is behind on purpose. */
    behind: 0,
    /** Re-reads that gave another version than the request's first read did. */
    changed: 0,
    /** Requests that read two keys, and of these those whose outputs were never current at the same time. */
    readBoth: 0,
    mixed: 0,
    /** Runs after which a fresh read gave old data although nothing was going on any more. */
    staleAtRest: 0,
    errors: 0,
    /** Of requests that were run again because something had moved. */
    restarts: 0,
    /** Requests that had no answer, since something had moved each time. */
    givenUp: 0,
    hangs: 0,
    late: 0,
    /** The first run that showed each fault, for `--trace`. @type {Record<string, number>} */
    firstSeen: {},
  }
}

/** @typedef {ReturnType<typeof newTally>} Tally */

/**
 * Adds one run to the tally. Values carry the version that they were built from, so nothing is searched for: each
 * question is a comparison of numbers.
 *
 * @param {Tally} tally
 * @param {import('./interleaving.js').History} history
 */
export function judge(tally, history) {
  const { world, requests, loads, checks, restarts = 0, givenUp = 0, atRest, settled, late } = history
  const run = tally.runs++
  const count = (fault) => {
    tally[fault]++
    tally.firstSeen[fault] ??= run
  }
  tally.loads += loads
  tally.checks += checks
  tally.restarts += restarts
  tally.givenUp += givenUp
  tally.late += late
  if (!settled) count('hangs')
  for (const reads of requests) judgeRequest(tally, count, world, reads)
  if (settled && atRest.some((read) => isStale(world, read))) count('staleAtRest')
}

/**
 * @param {Tally} tally
 * @param {(fault: string) => void} count
 * @param {import('./world.js').World} world
 * @param {import('./interleaving.js').Read[]} reads
 */
function judgeRequest(tally, count, world, reads) {
  tally.requests++
  tally.reads += reads.length
  /** @type {Map<string, import('./interleaving.js').Read>} */
  const first = new Map()
  for (const read of reads) {
    if (read.error !== undefined) count('errors')
    if (read.output === undefined) continue
    const before = first.get(read.key)
    if (before === undefined) {
      first.set(read.key, read)
      tally.firstReads++
      if (isStale(world, { ...read, floor: read.asked ?? read.floor })) count('stale')
    } else {
      tally.rereads++
      if (isStale(world, read)) count('behind')
      if (read.output.version !== before.output.version) count('changed')
    }
  }
  if (first.size < 2) return
  tally.readBoth++
  if (isMixed(world, reads)) count('mixed')
}

/**
 * @param {import('./world.js').World} world
 * @param {import('./interleaving.js').Read} read
 */
function isStale(world, { key, floor, output }) {
  if (output === undefined) return false
  if (output.key !== key || !(output.version <= world.current(key))) {
    throw new Error(`A read of ${key} gave ${JSON.stringify(output)}, which was never written: the bench is broken.`)
  }
  return output.version < floor
}

/**
 * @param {import('./world.js').World} world
 * @param {import('./interleaving.js').Read[]} reads
 */
function isMixed(world, reads) {
  const outputs = reads.flatMap(({ output }) => output ?? [])
  return outputs.some((one) => outputs.some((other) => one.key < other.key && !world.wereTogether(one, other)))
}
