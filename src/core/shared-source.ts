import { types } from 'node:util'
import { Batches } from './batches.ts'
import { type CheckStats, Checks } from './checks.ts'
import { type Clock, monotonicClock } from './clock.ts'
import { ambientPins } from './context.ts'
import { describe, InvalidKeyError } from './errors.ts'
import { isKeyParts, type Key, keyOfParts, NO_ARGUMENTS } from './key.ts'
import { versionSources } from './names.ts'
import { Pin, type PinOwner } from './pin.ts'
import type { Pins } from './pins.ts'
import { readsOfCaller } from './reads.ts'
import type { Snapshot } from './snapshot.ts'
import type { SourceSettings } from './source-settings.ts'
import { SourceStamp } from './source-stamp.ts'
import { after, recover } from './thenable.ts'
import type { Reading } from './version.ts'

/** Where versions come from: nothing else. */
const SOURCE = { stamps: undefined, isWhole: true, areTooMany: false, identity: 0 }

/** What cached functions share of a source. A session pins what it has seen of each key. */
export class SharedSource implements PinOwner {
  readonly name: string
  readonly isAsync: boolean
  readonly #checks: {
    check(key: Key, value: never, snapshot: Snapshot | undefined): Reading | Promise<Reading>
    stats(): CheckStats
  }

  constructor({ name, read, readMany, timeout, database }: SourceSettings) {
    this.name = name
    versionSources.add(name, this)
    this.isAsync = readMany !== undefined || types.isAsyncFunction(read)
    const settings = { name, timeout, timeoutOption: 'timeout', clock: monotonicClock as Clock, database }
    this.#checks = readMany === undefined ? new Checks(read, settings) : new Batches(readMany, settings)
  }

  /** The version that the caller's session goes by. If the caller is a load, what it brings depends on that. */
  readHere(value: unknown): Reading | Promise<Reading> {
    const key = sourceKey(value, this.name)
    const pins = ambientPins()
    const reads = readsOfCaller(this, key)
    if (reads === undefined) return this.read(pins?.root ?? pins, value)
    const turn = reads.begin()
    return recover(
      () =>
        after(this.read(pins?.root, value), (reading) => {
          const exact = reading.snapshot !== undefined && reading.snapshot === pins?.snapshot
          reads.end(turn, [new SourceStamp(this, key, value, reading.version, exact)], {
            ...SOURCE,
            order: reading.order,
          })
          return reading
        }),
      (error) => {
        reads.spoil()
        throw error
      },
    )
  }

  /** What the session has pinned of a key, else what one check gives, which is pinned. */
  read(pins: Pins | undefined, value: unknown): Reading | Promise<Reading> {
    const key = sourceKey(value, this.name)
    const pin = pins?.get(this, key) ?? new Pin(this, key, undefined, value)
    if (pin.reading !== undefined) return pin.reading
    pins?.add(pin)
    return recover(
      () => pin.goBy(this.#checks.check(key, value as never, pins?.snapshot)),
      (error) => {
        pins?.drop(pin)
        throw error
      },
    )
  }

  /** The version of a key as a session sees it: at once, if it has come. */
  seenBy(pins: Pins, key: Key, value: unknown): Reading | Promise<Reading> {
    return pins.get(this, key)?.seen ?? this.read(pins, value)
  }

  /** That a load depends on what the session has seen of a key. */
  stampOf(pins: Pins, value: unknown, exact: boolean): SourceStamp | undefined {
    const key = sourceKey(value, this.name)
    const seen = pins.get(this, key)?.seen
    return seen && new SourceStamp(this, key, value, seen.version, exact)
  }

  readAgain({ subject }: Pin, pins: Pins): Reading | Promise<Reading> {
    return this.read(pins, subject)
  }

  stats(): CheckStats {
    return this.#checks.stats()
  }
}

/** @throws {InvalidKeyError} for what cannot be the key of a source. */
export function sourceKey(value: unknown, name: string): Key {
  if (value === undefined) return NO_ARGUMENTS
  if (isKeyParts(value)) return keyOfParts(value)
  throw new InvalidKeyError(
    `The version source ${name} was asked for ${describe(value)}: ask for a string, number, bigint, boolean, null, ` +
      'undefined or a list of these; "of" picks what matters of a call.',
  )
}
