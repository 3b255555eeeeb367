import { randomUUID } from 'node:crypto'
import { Counts } from './counts.ts'
import { describe, InvalidOptionError } from './errors.ts'
import type { KeyParts } from './key.ts'
import { isPositiveInteger } from './settings.ts'
import { sourceKey } from './shared-source.ts'
import { type VersionSource, versionSource } from './version-source.ts'

/** A version source that is kept in memory, for data that only this process changes. */
export interface Counter extends VersionSource<KeyParts, CounterVersion> {
  /**
   * Gives a key a new version, or all keys when none is given. Call it when the write is done, before anybody is told of
   * it: a version must not be visible before its data.
   */
  bump(key?: KeyParts): void
}

/** Unique for ever: the first part is of this counter alone, also after a restart. */
export type CounterVersion = readonly [epoch: string, count: number]

export interface CounterOptions {
  /** What people know it by. */
  name: string
  /**
   * How many keys that were bumped are told apart at the most. When there are more, all keys get a new version: nothing
   * stale is served, but more is loaded anew.
   *
   * @default 100_000
   */
  max?: number | undefined
}

/**
 * Makes a version source that `bump` moves on.
 *
 * @throws {InvalidOptionError} for an option that is missing, unknown or cannot be used.
 * @example
 * const notes = counter({ name: 'notes' })
 * const list = versionedLruCache((topic) => listNotes(topic), { version: notes })
 * await addNote(topic, text)
 * notes.bump(topic)
 */
export function counter({ name, max = 100_000, ...others }: CounterOptions): Counter {
  if (!isPositiveInteger(max)) {
    throw new InvalidOptionError(`The option "max" is ${describe(max)}: give a whole number of keys, at least 1.`)
  }
  const epoch = randomUUID()
  const counts = new Counts(max)
  const keyOf = (key: KeyParts) => sourceKey(key, 'the counter')
  const read = (key: KeyParts): CounterVersion => [epoch, counts.of(keyOf(key))]
  const bump = (key?: KeyParts) => (key === undefined ? counts.bumpAll() : counts.bump(keyOf(key)))
  return Object.assign(versionSource({ name, read, ...others }), { bump })
}
