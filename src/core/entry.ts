import type { Key } from './key.ts'
import type { LruNode } from './lru.ts'
import { type Reading, type Stamp, sameStamps } from './version.ts'

/** A kept output: settled, since a kept promise would keep its creator's async context alive (Node 20). */
export class Entry implements LruNode {
  readonly key: Key
  readonly output: unknown
  /** Whether the loader gave it as a promise, so that hits do too. */
  readonly async: boolean
  readonly size: number
  /** The versions that the output depends on, in the order in which they were read. */
  readonly stamps: readonly Stamp[]
  readonly readAt: number
  readonly expiresAt: number
  readonly order: number
  /** When its stamps were last known to be the current versions. */
  confirmedAt: number
  older: this | undefined = undefined
  newer: this | undefined = undefined

  constructor(key: Key, output: unknown, async: boolean, size: number, reading: Reading, ttl: number) {
    this.key = key
    this.output = output
    this.async = async
    this.size = size
    this.stamps = reading.stamps
    this.readAt = reading.readAt
    this.expiresAt = reading.readAt + ttl
    this.order = reading.order
    this.confirmedAt = reading.readAt
  }

  /** The output as the loader gave it: behind a promise, or bare. */
  give(): unknown {
    return this.async ? Promise.resolve(this.output) : this.output
  }
}

export type Verdict = 'good' | 'outdated' | 'expired'

/** Whether an entry may be given to a session that goes by this reading. */
export function judge(entry: Entry, reading: Reading, now: number): Verdict {
  if (!sameStamps(entry.stamps, reading.stamps)) return 'outdated'
  return isExpired(entry, now) ? 'expired' : 'good'
}

/** When the clock went back, or gave no number, nobody can tell how old the entry is: it counts as expired. */
export function isExpired(entry: Entry, now: number): boolean {
  return !(now >= entry.readAt && now < entry.expiresAt)
}

/** For how many milliseconds an entry that is no longer good may have been so: since it expired, or was last current. */
export function staleness(entry: Entry, now: number): number {
  if (!(now >= entry.readAt)) return Number.POSITIVE_INFINITY
  return Math.max(now - entry.confirmedAt, now - entry.expiresAt)
}
