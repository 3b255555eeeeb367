import { type CheckStats, Checks, NO_CHECKS, nextOrder } from './checks.ts'
import { type Clock, monotonicClock } from './clock.ts'
import { type ReadSource, readParts } from './composite.ts'
import type { Pin } from './pin.ts'
import type { Pins } from './pins.ts'
import type { Settings, UserFunction } from './settings.ts'
import { type SharedSource, sourceKey } from './shared-source.ts'
import type { Counters } from './stats.ts'
import { after, recover } from './thenable.ts'
import type { Reading } from './version.ts'
import { VersionHistory } from './version-history.ts'
import { type SourceOfCall, sourcesOf } from './version-source.ts'

/** The call that a version is asked for. */
export interface Asker {
  readonly self: unknown
  readonly args: unknown[]
}

/** A source, and what it is asked for. */
export interface SharedKey {
  readonly source: SharedSource
  readonly value: unknown
}

/** Where the versions of a cached function come from: a function of its own, sources that it shares, or nowhere. */
export interface Versions {
  /** Of a call, what others go by as well; undefined where they are the function's own. */
  sharedBy(asker: Asker): readonly SharedKey[] | undefined
  /** The version that the session has pinned for a call, else that of one check, which is pinned. */
  read(pins: Pins | undefined, pin: Pin, asker: Asker): Reading | Promise<Reading>
  stats(): CheckStats
}

export function versionsOf(name: string, settings: Settings, counters: Counters): Versions {
  const { version, verifyVersions } = settings
  if (version === undefined) return new NoVersions(settings)
  const isWatched = verifyVersions !== undefined
  const sources = sourcesOf(version)
  if (sources === undefined) {
    const own = new OwnVersions(name, version as UserFunction<unknown>, settings)
    return isWatched ? watched(own, new VersionHistory(name, counters)) : own
  }
  const read = isWatched ? sources.map((item) => watchedSource(item, counters)) : sources
  return new SharedVersions(sources, read, settings)
}

/** The same versions, each of which is taken down. */
function watched(versions: Versions, history: VersionHistory): Versions {
  return {
    sharedBy: (asker) => versions.sharedBy(asker),
    read: (pins, pin, asker) => history.follow(pin.key, versions.read(pins, pin, asker)),
    stats: () => versions.stats(),
  }
}

/** Each source for itself: of a list as a whole, nobody can tell which reading came before which. */
function watchedSource({ source, pick }: SourceOfCall, counters: Counters): ReadSource {
  const history = new VersionHistory(source.name, counters)
  const read: ReadSource['source']['read'] = (pins, value) =>
    history.follow(sourceKey(value, source.name), source.read(pins, value))
  return { source: { read }, pick }
}

/** The first half of a call. By what it pins the other half goes, which is the call itself, whenever it comes. */
export function pinVersion(
  versions: Versions,
  pins: Pins | undefined,
  pin: Pin,
  asker: Asker,
): Reading | Promise<Reading> {
  return recover(
    () => versions.read(pins, pin, asker),
    (error) => {
      if (!pin.isTaken) pins?.drop(pin)
      throw error
    },
  )
}

/** The TTL alone decides. Nothing is pinned: a call that is made again after it has failed counts from anew. */
class NoVersions implements Versions {
  readonly #clock: Clock

  constructor({ clock }: Settings) {
    this.#clock = clock
  }

  read(): Reading {
    const order = nextOrder()
    return { version: undefined, readAt: this.#clock(), order, tainted: false, snapshot: undefined }
  }

  sharedBy(): undefined {
    return undefined
  }

  stats(): CheckStats {
    return NO_CHECKS
  }
}

/** A version function that no other cached function has. */
class OwnVersions implements Versions {
  readonly #checks: Checks<Asker>

  constructor(name: string, version: UserFunction<unknown>, { versionTimeout, clock }: Settings) {
    this.#checks = new Checks(({ self, args }) => version.apply(self, args), {
      name,
      timeout: versionTimeout,
      timeoutOption: 'versionTimeout',
      clock,
    })
  }

  read(_pins: Pins | undefined, pin: Pin, asker: Asker): Reading | Promise<Reading> {
    return pin.reading ?? pin.goBy(this.#checks.check(pin.key, asker))
  }

  sharedBy(): undefined {
    return undefined
  }

  stats(): CheckStats {
    return this.#checks.stats()
  }
}

/** Sources that cached functions share. What a session sees of each is pinned for all of them. */
class SharedVersions implements Versions {
  readonly #sources: readonly SourceOfCall[]
  /** The same, unless what is read of them is taken down. */
  readonly #read: readonly ReadSource[]
  readonly #clock: Clock

  constructor(sources: readonly SourceOfCall[], read: readonly ReadSource[], { clock }: Settings) {
    this.#sources = sources
    this.#read = read
    this.#clock = clock
  }

  sharedBy({ self, args }: Asker): readonly SharedKey[] {
    return this.#sources.map(({ source, pick }) => ({ source, value: pick.apply(self, args) }))
  }

  read(pins: Pins | undefined, pin: Pin, { self, args }: Asker): Reading | Promise<Reading> {
    if (pin.reading !== undefined) return pin.reading
    const readings = readParts(this.#read, pins, self, args)
    return pin.goBy(this.#clock === monotonicClock ? readings : after(readings, this.#onOwnClock), false)
  }

  /** Sources go by the clock of the process, the function may have another: how long ago it was is the same on both. */
  readonly #onOwnClock = (reading: Reading): Reading => {
    return { ...reading, readAt: this.#clock() - (monotonicClock() - reading.readAt) }
  }

  stats(): CheckStats {
    return NO_CHECKS
  }
}
