/** What a cached function has done since it was made, and what it holds now. */
export interface CacheStats {
  /** Calls answered from the session's own pin. */
  pinned: number
  /** Calls answered by an entry whose version is the one that the session sees. */
  hits: number
  /** Calls that found no such entry. */
  misses: number
  /** Misses that found an entry of another version, or made of others that have moved. */
  outdated: number
  /** Misses that found an entry older than the TTL. */
  expired: number
  /** Calls that joined a running load of the same key and version. */
  shared: number
  /** Calls that got an output that is no longer good, by `staleWhileRevalidate` or `staleIfError`. */
  stale: number
  /** Checks: runs of the version function, however many sessions shared each. */
  checks: number
  /** Checks that failed: threw, took too long, or gave what is no version. */
  checkErrors: number
  /** Loads: runs of the loader, `refresh` included. */
  loads: number
  /** Loads that failed. */
  loadErrors: number
  /** Outputs that were returned but not kept: overtaken by `invalidate`, `clear`, `refresh` or a newer entry. */
  overtaken: number
  /**
   * Outputs that were returned but not kept: their size or TTL was not a positive number, or over `maxSize`, or they
   * were made of something stale, of something unknown, or of more than `maxStamps`.
   */
  unkept: number
  /** Entries that made room for others. */
  evictions: number
  /** Hits that were loaded again and compared, by `verifyVersions`. These loads are in no other number. */
  verified: number
  /** Those whose output differed at the same version. */
  differing: number
  /** Hits that were to be verified, but something failed. */
  verifyErrors: number
  /** Versions that came back after another one, as seen by `verifyVersions`. */
  returnedVersions: number
  /** Entries now. */
  entries: number
  /** Sum of their sizes now; 0 without `sizeCalculation`. */
  totalSize: number
  /** What it has had of its tier; undefined when it has none. */
  tier: TierStats | undefined
  /** Loads that run now; with a tier, also what is looked for there. */
  runningLoads: number
  /** Keys for which a check runs now. */
  runningChecks: number
}

/** What a cached function has had of its tier. */
export interface TierStats {
  /** Loads that were not needed, since the tier had the output. */
  hits: number
  /** Times that it had no good one. */
  misses: number
  /** Entries that were not ours, damaged or too large, or could not be judged. They count as misses too. */
  refused: number
  /** Operations that failed or were too late. */
  errors: number
  /** Operations that were not tried: the tier had failed again and again, or the call had no time left for it. */
  skipped: number
  /** Calls that waited for the load of another process. */
  waits: number
  /** Entries that were written. */
  writes: number
  /** Outputs that could not be carried. */
  unshared: number
}

/** The part of the stats that is counted; the rest is looked up when asked for. */
export type Counters = Omit<CacheStats, LookedUp>

type LookedUp = 'tier' | 'checks' | 'checkErrors' | 'entries' | 'totalSize' | 'runningLoads' | 'runningChecks'

export function newCounters(): Counters {
  return {
    pinned: 0,
    hits: 0,
    misses: 0,
    outdated: 0,
    expired: 0,
    shared: 0,
    stale: 0,
    loads: 0,
    loadErrors: 0,
    overtaken: 0,
    unkept: 0,
    evictions: 0,
    verified: 0,
    differing: 0,
    verifyErrors: 0,
    returnedVersions: 0,
  }
}

export function newTierStats(): TierStats {
  return { hits: 0, misses: 0, refused: 0, errors: 0, skipped: 0, waits: 0, writes: 0, unshared: 0 }
}
