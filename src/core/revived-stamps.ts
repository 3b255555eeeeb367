import { CallStamp, type Inner } from './call-stamp.ts'
import type { CarriedCall, CarriedStamp } from './carried-stamps.ts'
import { nextOrder } from './checks.ts'
import { keyOfCall } from './key.ts'
import { cachedFunctions, versionSources } from './names.ts'
import { sourceKey } from './shared-source.ts'
import { SourceStamp } from './source-stamp.ts'
import type { Origin, Stamp, Stamps } from './stamps.ts'
import { ageAt, timeUntil } from './wall-clock.ts'

/** What another process has made an output of, as this one knows it; undefined where it does not. */
export function revived(carried: readonly (readonly CarriedStamp[])[], maxClockSkew: number): Stamps | undefined {
  const waves: Stamp[][] = []
  for (const wave of carried) {
    const stamps = wave.map((stamp) => revive(stamp, maxClockSkew)).filter((stamp) => stamp !== undefined)
    if (stamps.length < wave.length) return undefined
    waves.push(stamps)
  }
  return waves
}

function revive(carried: CarriedStamp, maxClockSkew: number): Stamp | undefined {
  if ('call' in carried) {
    const inner = cachedFunctions.only(carried.call)
    return inner && reviveCall(inner, carried, maxClockSkew)
  }
  const { value, version, exact } = carried
  const source = versionSources.only(carried.source)
  return source && new SourceStamp(source, sourceKey(value, source.name), value, version, exact)
}

/** Undefined when this process has not got the same function, or has outdated what the call gave. */
function reviveCall(inner: Inner, carried: CarriedCall, maxClockSkew: number): CallStamp | undefined {
  const { codeVersion, key: keyFunction, version, clock } = inner.settings
  const { key, args, hasSources, readAt, expiresAt, exact } = carried
  const hasVersion = hasSources || carried.version !== undefined
  if (codeVersion !== carried.codeVersion || hasVersion !== (version !== undefined)) return undefined
  const age = ageAt(readAt, maxClockSkew)
  if (age === undefined || inner.store.generations.isAfter(readAt, key, maxClockSkew)) return undefined
  const now = clock()
  const origin: Origin = {
    stamps: undefined,
    isWhole: true,
    areTooMany: false,
    order: Number.POSITIVE_INFINITY,
    born: nextOrder(), // by which what is made of it can be told from what is made of others
    generation: inner.store.generations.of(key),
    readAt: now - age,
    expiresAt: now + timeUntil(expiresAt, maxClockSkew),
    exact,
    identity: 0,
  }
  const call = { self: undefined, args: [...args] }
  if (keyOfCall(keyFunction, inner.name, undefined, call.args) !== key) return undefined
  return new CallStamp(inner, call, key, hasSources ? 'sources' : carried.version, origin)
}
