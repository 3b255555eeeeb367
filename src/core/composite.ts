import { type CheckStats, NO_CHECKS } from './checks.ts'
import { describe, InvalidOptionError, refuseOthers } from './errors.ts'
import { type KeyParts, keyOf } from './key.ts'
import type { MaybeAsyncVersion } from './options.ts'
import type { Pins } from './pins.ts'
import { after, all } from './thenable.ts'
import type { Reading, Version } from './version.ts'
import { isSource, type SourceOfCall, sourceOfParts, sourcesOf, type VersionSource } from './version-source.ts'

/** What a composite version source is made of. */
export interface CompositeOptions<Sources extends readonly Part[]> {
  /** What people know it by. What is checked and pinned goes by the names of its sources. */
  name: string
  /** Version sources, by themselves or with what `of` makes of the key of the composite. */
  sources: Sources
}

type Part = (key: never) => MaybeAsyncVersion

/** The key is one for all parts. Where none of them takes one, there is none. */
export type CompositeKey<Sources extends readonly Part[]> = Sources[number] extends (key: infer K) => unknown
  ? unknown extends K
    ? undefined
    : Extract<K, KeyParts>
  : never

/** Promised if any part is. */
export type CompositeVersion<Sources extends readonly Part[]> = [
  Extract<ReturnType<Sources[number]>, PromiseLike<unknown>>,
] extends [never]
  ? Version
  : Promise<Version>

/**
 * Makes one version source of several: its version is that of all of them, and moves when any of them does. A session
 * checks each of them once, however many composites and functions go by it.
 *
 * @throws {InvalidOptionError} for an option that is missing, unknown or cannot be used.
 * @example
 * const invoice = composite({ name: 'invoice', sources: [orders, rates.of()] })
 * const pdf = versionedLruCache(makePdf, { version: invoice })
 * const total = versionedLruCache(addUp, { version: invoice.of((_currency, id) => id) })
 */
export function composite<const Sources extends readonly Part[]>(
  options: CompositeOptions<Sources>,
): VersionSource<CompositeKey<Sources>, CompositeVersion<Sources>> {
  const { name, parts } = readOptions(options)
  const here = parts.map(({ source, pick }) => ({
    source: { read: (_pins: unknown, value: unknown) => source.readHere(value) },
    pick,
  }))
  const read = (key: unknown): unknown => {
    return after(readParts(here, undefined, undefined, [key]), ({ version }) => version)
  }
  return sourceOfParts(parts, { name, read, stats: () => statsOf(parts) })
}

/** A source, as far as it is read. */
export interface ReadSource extends Pick<SourceOfCall, 'pick'> {
  readonly source: Pick<SourceOfCall['source'], 'read'>
}

/** What a call goes by of several sources: what its session has pinned of each, else what one check of it gives. */
export function readParts(
  parts: readonly ReadSource[],
  pins: Pins | undefined,
  self: unknown,
  args: unknown[],
): Reading | Promise<Reading> {
  const only = parts.length === 1 ? parts[0] : undefined
  if (only !== undefined) return only.source.read(pins, only.pick.apply(self, args))
  const readings = all(
    parts.map(
      ({ source, pick }) =>
        () =>
          source.read(pins, pick.apply(self, args)),
    ),
  )
  return after(readings, combine)
}

/** The version of several sources together. */
export function versionOfAll(versions: readonly Version[]): Version {
  return versions.length === 1 ? versions[0] : keyOf(versions)
}

/** Differs whenever a part does, and is as old as the oldest part. */
function combine(parts: Reading[]): Reading {
  const versions = parts.map(({ version }) => version)
  return {
    version: versionOfAll(versions),
    readAt: Math.min(...parts.map(({ readAt }) => readAt)),
    order: Math.min(...parts.map(({ order }) => order)),
    tainted: parts.some(({ tainted }) => tainted),
    snapshot: parts.every(({ snapshot }) => snapshot !== undefined) ? parts[0]?.snapshot : undefined,
  }
}

/** A source that is in it twice counts once. */
function statsOf(parts: readonly SourceOfCall[]): CheckStats {
  const all = [...new Set(parts.map(({ source }) => source))].map((source) => source.stats())
  return all.reduce(
    (sum, one) => ({
      checks: sum.checks + one.checks,
      checkErrors: sum.checkErrors + one.checkErrors,
      runningChecks: sum.runningChecks + one.runningChecks,
    }),
    NO_CHECKS,
  )
}

function readOptions(options: unknown): { name: string; parts: readonly SourceOfCall[] } {
  if (typeof options !== 'object' || options === null) {
    throw new InvalidOptionError(`The options are ${describe(options)}: give an object such as { name, sources }.`)
  }
  const { name, sources, ...others } = options as Record<string, unknown>
  refuseOthers(others, '"name", "sources"')
  if (typeof name !== 'string' || name === '') {
    throw new InvalidOptionError(`The option "name" is ${describe(name)}: give a string that is not empty.`)
  }
  if (!Array.isArray(sources) || sources.length === 0) {
    throw new InvalidOptionError(
      `The option "sources" is ${describe(sources)}: give a list of version sources, at least one.`,
    )
  }
  if (!sources.every(isSource)) {
    const strange = describe(sources.find((source) => !isSource(source)))
    throw new InvalidOptionError(
      `The list "sources" has ${strange} in it: give version sources only, see versionSource.`,
    )
  }
  return { name, parts: sourcesOf(sources) as readonly SourceOfCall[] }
}
