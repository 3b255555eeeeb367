import { type CheckSettings, type CheckStats, nextOrder, tooLate } from './checks.ts'
import { describe, InvalidVersionError } from './errors.ts'
import { announce } from './events.ts'
import { type Key, showKey } from './key.ts'
import type { Snapshot } from './snapshot.ts'
import { withTimeout } from './timeout.ts'
import { admitVersion, type Reading } from './version.ts'
import { sharedCheck } from './work.ts'

/** Reads the versions of many keys at once: in their order, or by key. An `Error` in place of a version fails its key. */
export type ReadMany<K> = (keys: readonly K[]) => PromiseLike<Versions<K>> | Versions<K>

type Versions<K> = readonly unknown[] | ReadonlyMap<K, unknown>

/** One key of a batch, and who waits for it. */
interface Asked<K> {
  readonly value: K
  readonly reading: Promise<Reading>
  resolve(reading: Reading): void
  reject(error: unknown): void
}

/** The batch that runs, and the one that gathers. */
interface Queue<K> {
  gathering: Map<Key, Asked<K>> | undefined
  running: Promise<void> | undefined
}

/**
 * Checks that are run together. At most one batch runs and one gathers, for all keys of a source. Who asks while a batch
 * runs waits for the next one, whatever that batch reads: it began before, and may miss a write that was acknowledged in
 * between. A snapshot has batches of its own: what it sees, nobody else does.
 */
export class Batches<K> {
  readonly #readMany: ReadMany<K>
  readonly #settings: CheckSettings
  readonly #current: Queue<K> = { gathering: undefined, running: undefined }
  readonly #inSnapshots = new WeakMap<Snapshot, Queue<K>>()
  #runningKeys = 0
  #count = 0
  #errors = 0

  constructor(readMany: ReadMany<K>, settings: CheckSettings) {
    this.#readMany = readMany
    this.#settings = settings
  }

  /** @param snapshot the one in which the asking session reads, whatever it is of. */
  check(key: Key, value: K, snapshot: Snapshot | undefined): Promise<Reading> {
    const inSnapshot = snapshot !== undefined && snapshot.database === this.#settings.database
    const batch = inSnapshot ? this.#batchIn(this.#queueOf(snapshot), snapshot) : this.#batchIn(this.#current)
    let asked = batch.get(key)
    if (asked === undefined) {
      asked = newAsked(value)
      batch.set(key, asked)
      if (inSnapshot) snapshot.keepFor(asked.reading)
    }
    return asked.reading
  }

  stats(): CheckStats {
    return { checks: this.#count, checkErrors: this.#errors, runningChecks: this.#runningKeys }
  }

  #queueOf(snapshot: Snapshot): Queue<K> {
    const known = this.#inSnapshots.get(snapshot)
    if (known !== undefined) return known
    const queue = { gathering: undefined, running: undefined }
    this.#inSnapshots.set(snapshot, queue)
    return queue
  }

  /** The batch to join. It starts when the one that runs has ended, else when all that is asked for in this turn has been. */
  #batchIn(queue: Queue<K>, snapshot?: Snapshot): Map<Key, Asked<K>> {
    if (queue.gathering !== undefined) return queue.gathering
    const batch = new Map<Key, Asked<K>>()
    queue.gathering = batch
    const turn =
      queue.running ?? Promise.resolve().then(() => new Promise<void>((resolve) => process.nextTick(resolve)))
    void turn.then(() => {
      queue.gathering = undefined
      queue.running = this.#run(batch, snapshot).finally(() => {
        queue.running = undefined
      })
    })
    return batch
  }

  /** Never fails: those who asked are told. */
  async #run(batch: Map<Key, Asked<K>>, snapshot: Snapshot | undefined): Promise<void> {
    const { order, readAt } = snapshot ?? { order: nextOrder(), readAt: this.#settings.clock() }
    const work = sharedCheck(snapshot)
    this.#count++
    this.#runningKeys += batch.size
    try {
      const versions = await work.run(() => this.#ask(batch))
      const { tainted } = work
      let index = 0
      for (const [key, asked] of batch) {
        const given = Array.isArray(versions) ? versions[index] : (versions as ReadonlyMap<K, unknown>).get(asked.value)
        index++
        this.#settle(key, asked, given, { readAt, order, tainted, snapshot })
      }
    } catch (error) {
      for (const [key, asked] of batch) this.#fail(key, asked, error)
    } finally {
      this.#runningKeys -= batch.size
      work.end()
    }
  }

  async #ask(batch: Map<Key, Asked<K>>): Promise<Versions<K>> {
    const keys = [...batch.values()].map(({ value }) => value)
    const given = (async () => this.#readMany(keys))()
    const versions: unknown = await withTimeout(given, this.#settings.timeout, () =>
      tooLate(this.#settings, [...batch.keys()].slice(0, 10).map(showKey).join(', ')),
    )
    if (versions instanceof Map || (Array.isArray(versions) && versions.length === keys.length)) return versions
    throw new InvalidVersionError(
      `"readMany" of ${this.#settings.name} returned ${describeVersions(versions)} for ${keys.length} keys: return a list ` +
        'with a version for each key, in their order, or a Map.',
    )
  }

  #settle(key: Key, asked: Asked<K>, given: unknown, rest: Omit<Reading, 'version'>): void {
    try {
      if (given instanceof Error) throw given
      asked.resolve({ version: admitVersion(given, this.#settings.name), ...rest })
    } catch (error) {
      this.#fail(key, asked, error)
    }
  }

  #fail(key: Key, asked: Asked<K>, error: unknown): void {
    this.#errors++
    announce({ type: 'checkFailed', name: this.#settings.name, key: showKey(key), error })
    asked.reject(error)
  }
}

function newAsked<K>(value: K): Asked<K> {
  let resolve!: (reading: Reading) => void
  let reject!: (error: unknown) => void
  const reading = new Promise<Reading>((...settle) => {
    ;[resolve, reject] = settle
  })
  return { value, reading, resolve, reject }
}

function describeVersions(versions: unknown): string {
  return Array.isArray(versions) ? `a list of ${versions.length}` : describe(versions)
}
