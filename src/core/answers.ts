import { refusesStale } from './context.ts'
import { awaitCall, endCall } from './cycle.ts'
import { LoadCycleError } from './errors.ts'
import { NO_SLOT, type Slot } from './eviction.ts'
import { markMade, unmarkPlain } from './forget.ts'
import { Judgement } from './judgement.ts'
import type { Loads } from './load.ts'
import type { Pin } from './pin.ts'
import { Pins } from './pins.ts'
import type { Settings } from './settings.ts'
import type { Stamps } from './stamps.ts'
import type { Counters } from './stats.ts'
import type { Store } from './store.ts'
import type { Verifier } from './verifier.ts'
import type { Reading } from './version.ts'
import { sourcesOf } from './version-source.ts'
import type { Asker, Versions } from './versions.ts'

/** One call on its way to an outcome. */
export interface Call extends Asker {
  /** Those of the session; without one the call is a session of its own, which nobody else meets. */
  pins: Pins | undefined
  readonly pin: Pin
  /** Whether it is to load, whatever is kept. */
  readonly refresh: boolean
}

/** What a call gives: an output, or the promise of one. */
export type Outcome = unknown

/** Of a cached function, what answers the first call of a session: its version, then an entry that is good, or a load. */
export class Answers {
  readonly #settings: Settings
  readonly #versions: Versions
  readonly #areShared: boolean
  readonly #store: Store
  readonly #loads: Loads
  readonly #verifier: Verifier | undefined
  readonly #counters: Counters

  constructor(
    { settings, versions, store }: { settings: Settings; versions: Versions; store: Store },
    loads: Loads,
    verifier: Verifier | undefined,
    counters: Counters,
  ) {
    this.#settings = settings
    this.#versions = versions
    this.#areShared = sourcesOf(settings.version) !== undefined
    this.#store = store
    this.#loads = loads
    this.#verifier = verifier
    this.#counters = counters
  }

  /** The first call of a session: pins what it gets, or nothing when it fails. */
  ask(call: Call): Outcome {
    const { pin } = call
    pin.open()
    awaitCall(pin)
    try {
      const outcome = this.#find(call)
      return pin.hold(outcome instanceof Promise ? this.#follow(call, outcome) : this.#end(call, outcome))
    } catch (error) {
      return pin.hold(this.#rescue(call, error))
    }
  }

  #follow(call: Call, outcome: Promise<unknown>): Promise<unknown> {
    return outcome.then(
      (output) => this.#end(call, output),
      (error) => this.#rescue(call, error),
    )
  }

  #end({ pin, pins }: Call, output: unknown): unknown {
    unmarkPlain(pins, pin)
    return pin.settle(output)
  }

  /** Without a session, what is shared is pinned for this call, so that its load goes by the same. */
  #find(call: Call): Outcome {
    if (this.#areShared) call.pins ??= new Pins()
    const reading = this.#versions.read(call.pins, call.pin, call)
    if (!(reading instanceof Promise)) return this.#answer(call, reading, this.#loads.givesPromises)
    return reading.then((seen) => this.#answer(call, seen, true))
  }

  /** @param mayWait whether the call gives a promise anyway. */
  #answer(call: Call, reading: Reading, mayWait: boolean): Outcome {
    if (call.refresh) {
      markMade(call.pins, call.pin)
      return this.#loads.joinOrLoad(call, reading)
    }
    const kept = this.#store.find(call.pin.key, reading)
    if (kept === NO_SLOT) return this.#miss(call, reading)
    const stamps = this.#store.stamps(kept)
    return stamps === undefined ? this.#hit(call, kept, reading) : this.#judge(call, kept, reading, stamps, mayWait)
  }

  #hit(call: Call, slot: Slot, reading: Reading, order = reading.order): Outcome {
    this.#store.use(slot, reading)
    if (call.pins !== undefined) call.pin.origin = this.#store.origin(slot, call.pin.key, order)
    return this.#verifier === undefined ? this.#store.give(slot) : this.#verifier.give(call, slot)
  }

  /** What is kept was made of others: it is good if this session sees the same of them. */
  #judge(call: Call, slot: Slot, reading: Reading, stamps: Stamps, mayWait: boolean): Outcome {
    const { key } = call.pin
    call.pins ??= new Pins()
    markMade(call.pins, call.pin)
    const judgement = new Judgement(call.pins, call.pin)
    call.pin.origin = this.#store.origin(slot, key, reading.order) // for a writer who comes in between
    const accepted = judgement.accepts(stamps)
    const decide = (accepts: boolean): Outcome => {
      const now = accepts ? this.#store.whereMadeOf(key, stamps) : NO_SLOT
      if (now !== NO_SLOT) return this.#hit(call, now, reading, Math.min(reading.order, judgement.order))
      call.pin.origin = undefined
      this.#store.miss('outdated')
      return this.#miss(call, reading)
    }
    if (!(accepted instanceof Promise)) return decide(accepted)
    return mayWait ? accepted.then(decide) : decide(false)
  }

  #miss(call: Call, reading: Reading): Outcome {
    markMade(call.pins, call.pin)
    const stale = this.#findStale(call, this.#settings.staleWhileRevalidate)
    if (stale === NO_SLOT || !this.#store.isAsync(stale)) return this.#loads.joinOrLoad(call, reading)
    const outcome = this.#serveStale(call, stale) // before the loader runs, which may empty the slot
    this.#loads.loadBehind(call, reading)
    return outcome
  }

  /**
   * A check or a load has failed: what was good until recently may do instead. Otherwise the output is unpinned before
   * anyone hears of it, so that whoever asks again after it tries again, by the version that is pinned if one is.
   */
  #rescue(call: Call, error: unknown): Outcome {
    const { pin, pins, refresh } = call
    endCall(pin)
    const helps = !refresh && !(error instanceof LoadCycleError)
    const stale = helps ? this.#findStale(call, this.#settings.staleIfError) : NO_SLOT
    if (stale !== NO_SLOT) return this.#serveStale(call, stale)
    pin.letGo()
    unmarkPlain(pins, pin)
    if (pin.reading === undefined) pins?.drop(pin)
    throw error
  }

  #findStale({ pin, pins }: Call, bound: number): Slot {
    return pins?.onlyCurrent || refusesStale() ? NO_SLOT : this.#store.findStale(pin.key, bound)
  }

  #serveStale({ pin, pins }: Call, slot: Slot): Outcome {
    this.#counters.stale++
    markMade(pins, pin)
    pin.origin = this.#store.origin(slot, pin.key, Number.NEGATIVE_INFINITY) // for a writer
    pin.taint()
    return this.#loads.givesPromises ? Promise.resolve(this.#store.give(slot)) : this.#store.give(slot)
  }
}
