import type { Inner } from './call-stamp.ts'
import { InvalidDependencyError } from './errors.ts'
import { Judgement } from './judgement.ts'
import type { Key } from './key.ts'
import type { Pin, SeenVersion } from './pin.ts'
import { Pins } from './pins.ts'
import type { Origin, Stamps } from './stamps.ts'
import { after } from './thenable.ts'
import { type Asker, pinVersion } from './versions.ts'

/** A call that something is to depend on, such as the `ETag` of an answer. Nothing has been asked yet. */
export interface Dependency {
  /**
   * Pins the version for the calling session, by one check at the most: a call in this session goes by it too. Nothing
   * is loaded.
   *
   * @throws what the version function fails with, or rejects with it; then nothing is pinned. `InvalidDependencyError`
   *   when the function has no version of its own.
   */
  pinVersion(): SeenVersion | Promise<SeenVersion>
  /**
   * The same with the versions of all that the output is made of: of cached functions that the loader calls, and of version
   * sources that it reads. Which they are, only an output can tell: the one that is kept, if the session may have it, or
   * the one that the call gives.
   *
   * @param load whether the call is to be made if need be.
   * @throws by the promise, what the version function and the loader throw. `InvalidDependencyError` when there is nothing
   *   to depend on: the function has no version, and its loader has read nothing that has one.
   */
  pinVersions(load: boolean): Promise<DependencyVersions>
  /** The function's `ttl` in milliseconds; undefined where that is a function of the output. */
  readonly ttl: number | undefined
}

/** By which an output can be told from others of the same call. */
export interface DependencyVersions {
  /** Its own first, if the function has any. */
  readonly versions: readonly SeenVersion[]
  /** Whether that is all: it is not before there is an output, or when it was made of what nobody has seen. */
  readonly areAll: boolean
  /** The shortest `ttl` of all cached functions among them, in milliseconds; undefined when none has a number. */
  readonly ttl: number | undefined
}

/** A call of a cached function, and whose pins it goes by. */
interface NamedCall {
  readonly cache: Inner
  readonly key: Key
  readonly asker: Asker
  pins(): Pins | undefined
}

export function dependencyOn(call: NamedCall): Dependency {
  const { cache, key, asker } = call
  const { version, ttl } = cache.settings
  const pinVersionOf = (pins: Pins | undefined): SeenVersion | Promise<SeenVersion> => {
    const pin = cache.pinOf(pins, key, asker)
    return after(pinVersion(cache.versions, pins, pin, asker), (reading) => pin.describe(reading.version))
  }
  return {
    pinVersion: () => {
      if (version === undefined) throw nothingToDependOn(cache.name)
      return pinVersionOf(call.pins())
    },
    pinVersions: async (load) => {
      const pins = call.pins() ?? new Pins()
      const own = version === undefined ? [] : [await pinVersionOf(pins)]
      const stamps = await stampsOf(call, pins, load)
      if (stamps?.length === 0 && version === undefined) throw nothingToDependOn(cache.name)
      return versionsOf(own, stamps, ttl)
    },
    ttl: typeof ttl === 'number' ? ttl : undefined,
  }
}

async function stampsOf({ cache, key, asker }: NamedCall, pins: Pins, load: boolean): Promise<Stamps | undefined> {
  const pin = cache.pinOf(pins, key, asker)
  const kept = pin.isTaken ? undefined : await keptStamps(cache, pins, pin, asker)
  if (kept !== undefined || (!load && !pin.isTaken)) return kept
  await (pin.isTaken ? pin.give() : cache.ask(pins, pin, asker))
  const { isWhole, stamps } = pin.origin as Origin // an output that has come has one
  return isWhole ? (stamps ?? []) : undefined
}

/** Of the entry that the session may have, however old: with the same versions, a new one would have the same. */
async function keptStamps(cache: Inner, pins: Pins, pin: Pin, asker: Asker): Promise<Stamps | undefined> {
  const kept = cache.store.madeOf(pin.key, await pinVersion(cache.versions, pins, pin, asker))
  if (kept === undefined || kept.length === 0) return kept
  return (await new Judgement(pins, pin).accepts(kept)) ? kept : undefined
}

function versionsOf(own: SeenVersion[], stamps: Stamps | undefined, ttl: unknown): DependencyVersions {
  const all = (stamps ?? []).flat()
  const ttls = [ttl, ...all.map((stamp) => stamp.ttl)].filter((value) => typeof value === 'number')
  const versions = [...own, ...all.map((stamp) => stamp.describe()).sort(byName)]
  return { versions, areAll: stamps !== undefined, ttl: ttls.length === 0 ? undefined : Math.min(...ttls) }
}

/** Which of them came first may be chance. */
function byName(a: SeenVersion, b: SeenVersion): number {
  const [first, second] = [a.source + a.key, b.source + b.key]
  return first === second ? 0 : first < second ? -1 : 1
}

function nothingToDependOn(name: string): InvalidDependencyError {
  return new InvalidDependencyError(
    `Nothing can depend on the version of ${name}, which has none: give it a "version" function, or let its loader call ` +
      'cached functions that have one.',
  )
}
