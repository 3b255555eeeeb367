import { messageOf } from './errors.ts'
import { announce } from './events.ts'
import type { Flight } from './flight.ts'
import { Judgement } from './judgement.ts'
import { type Key, showKey } from './key.ts'
import type { Pin } from './pin.ts'
import type { Pins } from './pins.ts'
import { revived } from './revived-stamps.ts'
import type { Settings, TieredSettings } from './settings.ts'
import type { TierStats } from './stats.ts'
import type { Store } from './store.ts'
import { RefusedEntryError, type Tier, type TierAddress, type TierEntry } from './tier.ts'
import { type Budget, NO_ANSWER, type TierGuard } from './tier-guard.ts'
import { sameVersion } from './version.ts'
import { ageAt } from './wall-clock.ts'

/** A load that may turn out not to be needed, and the call that it is for. */
export interface Sought {
  readonly flight: Flight
  /** What the session of the call sees. */
  readonly pins: Pins
  readonly pin: Pin
  readonly budget: Budget
}

/** An output that another process has loaded. */
export interface Found {
  readonly output: unknown
}

/** The entries of one cached function in its tier: judged on the way out like those of the LRU. */
export class TierEntries {
  readonly #name: string
  readonly #tier: Tier
  readonly #guard: TierGuard
  readonly #settings: Settings
  readonly #store: Store
  readonly #stats: TierStats

  constructor(name: string, settings: TieredSettings, store: Store, guard: TierGuard, stats: TierStats) {
    this.#name = name
    this.#tier = settings.tier
    this.#guard = guard
    this.#settings = settings
    this.#store = store
    this.#stats = stats
  }

  addressOf(key: Key): TierAddress {
    return { name: this.#name, codeVersion: this.#settings.codeVersion, key }
  }

  /** The output, if there is one that is good for the session. Then the flight knows where it comes from. */
  async find(sought: Sought): Promise<Found | undefined | typeof NO_ANSWER> {
    const { flight, budget } = sought
    const { key } = flight
    try {
      const entry = await this.#guard.ask(() => this.#tier.read(this.addressOf(key)), { budget, stats: this.#stats })
      if (entry === undefined || entry === NO_ANSWER) return entry
      const found = await this.#take(sought, entry)
      if (found !== undefined) return found
    } catch (error) {
      this.#stats.refused++
      announce({ type: 'entryRefused', name: this.#name, key: showKey(key), reason: reasonOf(error) })
    }
    flight.adopt([]) // what a load brings now is made of something else
    return undefined
  }

  /**
   * What it was made of, the flight knows before that is looked at, for a writer who comes in between. How old it is, is
   * looked at again when it is there:
   *
   *   1. session A finds an entry that is good for two more milliseconds, and looks at what it was made of
   *   2. three milliseconds later session B begins, and joins A
   *   3. the entry is good, as far as A can see, and too old for B
   */
  async #take({ flight, pins, pin }: Sought, entry: TierEntry): Promise<Found | undefined> {
    const { ttl, clock, maxStamps } = this.#settings
    const age = this.#ageOf(entry, flight)
    const stamps = age === undefined ? undefined : revived(entry.stamps, this.#tier.maxClockSkew)
    if (age === undefined || stamps === undefined) return undefined
    flight.adopt(stamps)
    const readAt = clock() - age
    const judgement = new Judgement(pins, pin)
    if (stamps.flat().length > maxStamps || !(await judgement.accepts(stamps))) return undefined
    const output = await entry.output()
    if (!(clock() - readAt < (typeof ttl === 'function' ? ttl(output) : ttl))) return undefined
    flight.found(readAt, judgement.order)
    return { output }
  }

  /** In milliseconds at the most; undefined if it is not for this session, whatever it was made of. */
  #ageOf(entry: TierEntry, { key, reading }: Flight): number | undefined {
    const { maxClockSkew } = this.#tier
    if (!sameVersion(entry.version, reading.version)) return undefined
    if (reading.snapshot !== undefined && !entry.exact) return undefined
    if (this.#store.generations.isAfter(entry.readAt, key, maxClockSkew)) return undefined
    const age = ageAt(entry.readAt, maxClockSkew)
    const { ttl } = this.#settings
    return age === undefined || (typeof ttl === 'number' && age >= ttl) ? undefined : age
  }
}

/** What fails while an entry is judged need not fail when the call loads: it may be of code that calls parts otherwise. */
function reasonOf(error: unknown): string {
  if (error instanceof RefusedEntryError) return error.message
  return `it cannot be judged: ${messageOf(error)}`
}
