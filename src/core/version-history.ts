import { announce } from './events.ts'
import { type Key, showKey } from './key.ts'
import type { Counters } from './stats.ts'
import { after } from './thenable.ts'
import { type Reading, sameVersion, type Version } from './version.ts'

/** Keys whose versions are remembered; the one that was met first makes room. */
const MAX_KEYS = 1000

/** Versions that are remembered of a key, besides the last one. */
const MAX_EARLIER = 16

interface Seen {
  /** When the last one was read. */
  order: number
  last: Version
  earlier: Version[]
}

/** The versions that were seen of one source or function. It tells when one comes back: a version is unique for ever. */
export class VersionHistory {
  readonly #name: string
  readonly #counters: Counters
  readonly #byKey = new Map<Key, Seen>()

  constructor(name: string, counters: Counters) {
    this.#name = name
    this.#counters = counters
  }

  /** Takes a reading down when it is there. */
  follow(key: Key, coming: Reading | Promise<Reading>): Reading | Promise<Reading> {
    return after(coming, (reading) => {
      this.note(key, reading)
      return reading
    })
  }

  /**
   * Takes a reading down. Those of a key never overlap, but they arrive in any order, also those that a session has
   * pinned long ago:
   *
   *   1. session A reads version 1, and session B, which asked later, version 2
   *   2. B goes on, then A: version 1 has not come back
   *
   * So only a reading that began after all that are known counts. One that was made of something stale does not, nor
   * one in a snapshot, which shows what was.
   */
  note(key: Key, { version, order, tainted, snapshot }: Reading): void {
    if (tainted || snapshot !== undefined) return
    const seen = this.#byKey.get(key)
    if (seen === undefined) {
      this.#begin(key, { order, last: version, earlier: [] })
    } else if (order > seen.order) {
      seen.order = order
      if (!sameVersion(version, seen.last)) this.#move(key, seen, version)
    }
  }

  #begin(key: Key, seen: Seen): void {
    const [oldest] = this.#byKey.keys()
    if (this.#byKey.size === MAX_KEYS) this.#byKey.delete(oldest)
    this.#byKey.set(key, seen)
  }

  #move(key: Key, seen: Seen, version: Version): void {
    const others = seen.earlier.filter((one) => !sameVersion(one, version))
    if (others.length < seen.earlier.length) {
      this.#counters.returnedVersions++
      announce({ type: 'versionReturned', name: this.#name, key: showKey(key), version, after: seen.last })
    }
    seen.earlier = [...others, seen.last].slice(-MAX_EARLIER)
    seen.last = version
  }
}
