import { detached } from './context.ts'
import { describe, InvalidOptionError } from './errors.ts'
import { announce } from './events.ts'
import { NO_SLOT, type Slot } from './eviction.ts'
import { Judgement } from './judgement.ts'
import { type Key, keyOfCall, showKey } from './key.ts'
import { Pin, type PinOwner } from './pin.ts'
import { Pins } from './pins.ts'
import { runInSession } from './session.ts'
import type { Settings, UserFunction } from './settings.ts'
import type { Counters } from './stats.ts'
import type { KeptOutput, Store } from './store.ts'
import { later } from './timeout.ts'
import type { VerifySettings } from './verify-settings.ts'
import { sameVersion } from './version.ts'
import type { Asker, Versions } from './versions.ts'
import { sharedCheck } from './work.ts'

/** The cache whose hits are verified. */
interface Verified extends PinOwner {
  readonly loader: UserFunction<unknown>
  readonly settings: Settings
  readonly versions: Versions
  readonly store: Store
  /** Takes out what is kept. */
  drop(key: Key): boolean
}

/** A call that was answered by an entry. */
interface Hit extends Asker {
  readonly key: Key
  readonly kept: KeptOutput
}

/**
 * Loads again what a sample of the hits were given, in the background, and reports an output that differs at the same
 * version. One at a time: what hangs, or comes too fast, is not followed by more.
 */
export class Verifier {
  readonly #cache: Verified
  readonly #settings: VerifySettings
  readonly #counters: Counters
  #isBusy = false

  constructor(cache: Verified, settings: VerifySettings, counters: Counters) {
    this.#cache = cache
    this.#settings = settings
    this.#counters = counters
  }

  /** Gives what is kept, and may have a look at it later. */
  give({ self, args, pin }: Asker & { readonly pin: Pin }, slot: Slot): unknown {
    const { store } = this.#cache
    if (!this.#isBusy && Math.random() < this.#settings.sample) {
      this.#isBusy = true
      const hit: Hit = { self, args, key: pin.key, kept: store.kept(slot) }
      later(0, () => this.#begin(hit))
    }
    return store.give(slot)
  }

  /**
   * The user's async context is that of the call (its tenant, its trace). The session is a new one: that of the call
   * may be over, and must not count as served stale by what it has never got.
   */
  #begin(hit: Hit): void {
    void detached(() => runInSession(() => this.#verify(hit)))
  }

  async #verify(hit: Hit): Promise<void> {
    try {
      const loaded = await this.#apart(() => this.#cache.loader.apply(hit.self, hit.args))
      if (loaded.tainted) return
      this.#counters.verified++
      if (!this.#isSame(hit.kept.output, loaded.given) && (await this.#isFinding(hit))) this.#report(hit, loaded.given)
    } catch (error) {
      this.#counters.verifyErrors++
      announce({ type: 'verifyFailed', name: this.#cache.name, key: showKey(hit.key), error })
    } finally {
      this.#isBusy = false
    }
  }

  #isSame(kept: unknown, loaded: unknown): boolean {
    const same = this.#settings.equals(kept, loaded)
    if (typeof same === 'boolean') return same
    throw new InvalidOptionError(
      `"verifyVersions.equals" of ${this.#cache.name} gave ${describe(same)}: give true or false.`,
    )
  }

  /**
   * Whether the outputs differ at the same version:
   *
   *   1. a session reads version 1, which is that of the entry, and is given it
   *   2. a writer commits its data with version 2
   *   3. the loader runs again, and sees the new data: its output differs
   *   4. the version is read again, and is 2: no finding
   *
   * Where the version is bumped after its data, 4 may come before the version does: hence the grace. An entry that was
   * dropped meanwhile, by `invalidate`, is no finding either, nor arguments that the caller has changed.
   */
  async #isFinding(hit: Hit): Promise<boolean> {
    const { settings, store } = this.#cache
    const { self, args, key, kept } = hit
    if (keyOfCall(settings.key, this.#cache.name, self, args) !== key) return false
    const { grace } = this.#settings
    if (grace > 0) await new Promise<void>((resolve) => void later(grace, resolve))
    const { given: isCurrent, tainted } = await this.#apart(() => this.#isCurrent(hit))
    return isCurrent && !tainted && store.where(key, kept.output) !== NO_SLOT
  }

  /** Whether what is kept is of the versions that are current now. */
  async #isCurrent(hit: Hit): Promise<boolean> {
    const { version, stamps } = hit.kept
    const pins = new Pins()
    const pin = new Pin(this.#cache, hit.key, undefined, hit)
    const current = await this.#cache.versions.read(pins, pin, hit)
    if (!sameVersion(current.version, version)) return false
    return stamps === undefined || new Judgement(pins, pin).accepts(stamps)
  }

  /** By pins of its own, as whatever sessions share, which also tells whether anything stale has gone into it. */
  async #apart<R>(fn: () => R | Promise<R>): Promise<{ given: R; tainted: boolean }> {
    const work = sharedCheck(undefined)
    try {
      const given = await work.run(fn)
      return { given, tainted: work.tainted }
    } finally {
      work.end()
    }
  }

  /** What is known to be wrong is given to no later session. */
  #report({ key, kept }: Hit, loaded: unknown): void {
    const { settings } = this.#cache
    this.#counters.differing++
    this.#cache.drop(key)
    const { version, output, readAt } = kept
    const age = settings.clock() - readAt
    announce({ type: 'outputDiffers', name: this.#cache.name, key: showKey(key), version, age, kept: output, loaded })
  }
}
