import { CallStamp, type Inner } from './call-stamp.ts'
import { versionOfAll } from './composite.ts'
import type { Pin } from './pin.ts'
import type { Pins } from './pins.ts'
import type { SourceStamp } from './source-stamp.ts'
import type { Origin, Stamp } from './stamps.ts'
import { type Reading, sameVersion } from './version.ts'
import type { Asker, SharedKey } from './versions.ts'

/** What a call is to the load that has made it. Sources that functions share are looked at once for all of them. */
export function stampsOfCall(
  inner: Inner,
  call: Asker,
  { key, seen }: Pin,
  origin: Origin,
  pins: Pins,
  shared: readonly SharedKey[] | undefined,
): Stamp[] {
  const stamps = origin.identity === 0 ? stampsOfShared(shared, pins, seen, origin.exact) : undefined
  return [...(stamps ?? []), new CallStamp(inner, call, key, stamps === undefined ? seen : 'sources', origin)]
}

/**
 * Undefined if the session does not see any more what the call went by:
 *
 *   1. a session calls `page`, whose load calls `part`, which goes by version 1 of a source
 *   2. a writer commits version 2, the session is renewed, and reads the source
 *   3. `part` has its output: that is of version 1, though the session sees 2
 */
function stampsOfShared(
  shared: readonly SharedKey[] | undefined,
  pins: Pins,
  seen: Reading | undefined,
  exact: boolean,
): SourceStamp[] | undefined {
  if (shared === undefined || seen === undefined) return undefined
  const stamps = shared.flatMap(({ source, value }) => source.stampOf(pins, value, exact) ?? [])
  if (stamps.length < shared.length) return undefined
  return sameVersion(versionOfAll(stamps.map(({ version }) => version)), seen.version) ? stamps : undefined
}
