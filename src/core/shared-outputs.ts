import { messageOf } from './errors.ts'
import { announce } from './events.ts'
import type { Flight } from './flight.ts'
import { KeptLease } from './kept-lease.ts'
import { type Key, showKey } from './key.ts'
import type { Settings, TieredSettings } from './settings.ts'
import type { Stamps } from './stamps.ts'
import { newTierStats, type TierStats } from './stats.ts'
import type { Store } from './store.ts'
import type { Lease, NewTierEntry, NoLease, Tier, TierEntry } from './tier.ts'
import { type Found, type Sought, TierEntries } from './tier-entries.ts'
import { budgetOf, NO_ANSWER, TierGuard } from './tier-guard.ts'
import { later } from './timeout.ts'
import type { Reading } from './version.ts'
import { wallTime } from './wall-clock.ts'

/** After how many milliseconds a call looks again whether another process has loaded, at first and at the latest. */
const [FIRST_LOOK, LAST_LOOK] = [5, 100]

/** For how many milliseconds nobody waits for a load that has failed, and for one whose output cannot be carried. */
const [IN_VAIN, UNSHARED] = [1000, 60_000]

/** What the processes share of one cached function: an output that one of them has loaded, the others need not load. */
export class SharedOutputs {
  readonly stats: TierStats = newTierStats()
  readonly #name: string
  readonly #tier: Tier
  readonly #guard: TierGuard
  readonly #settings: Settings
  readonly #entries: TierEntries
  #hasToldOfUnshared = false

  constructor(name: string, settings: TieredSettings, store: Store) {
    this.#name = name
    this.#tier = settings.tier
    this.#guard = TierGuard.of(settings.tier)
    this.#settings = settings
    this.#entries = new TierEntries(name, settings, store, this.#guard, this.stats)
  }

  /** In place of a load: what the tier has, else what another process is about to load, else a load. */
  async bring(call: Omit<Sought, 'budget'>, load: () => unknown): Promise<unknown> {
    const sought = { ...call, budget: budgetOf(this.#settings.tierTimeout) }
    const found = await this.#seek(sought)
    if (found === undefined) return load()
    this.stats.hits++
    return found.output
  }

  async #seek(sought: Sought): Promise<Found | undefined> {
    if (!sought.flight.isRefresh) {
      const found = await this.#entries.find(sought)
      if (found === NO_ANSWER) return undefined
      if (found !== undefined) return found
      this.stats.misses++
    }
    return this.#waitForOthers(sought)
  }

  /**
   * Who gets the lease, loads; the others look from time to time whether there is an output. The holder may have got ready
   * after the last look, so who gets the lease late looks once more:
   *
   *   1. process A loads, and B has looked in vain and waits
   *   2. A writes the entry and gives its lease back
   *   3. B gets the lease, though the entry is there
   */
  async #waitForOthers(sought: Sought): Promise<Found | undefined> {
    const { flight } = sought
    const givenUpAt = performance.now() + this.#tier.leaseWait
    let pause = FIRST_LOOK
    while (await this.#isHeld(sought)) {
      if (!mayWait(flight) || performance.now() >= givenUpAt) return undefined
      if (pause === FIRST_LOOK) this.stats.waits++
      await somewhatLessThan(pause)
      sought.budget.left = sought.budget.all
      const found = await this.#entries.find(sought)
      if (found === NO_ANSWER) return undefined
      if (found !== undefined) return found
      pause = Math.min(2 * pause, LAST_LOOK)
    }
    return pause > FIRST_LOOK && flight.lease !== undefined ? this.#lookOnceMore(sought) : undefined
  }

  async #lookOnceMore(sought: Sought): Promise<Found | undefined> {
    const found = await this.#entries.find(sought)
    if (found === undefined || found === NO_ANSWER) return undefined
    this.release(sought.flight)
    return found
  }

  /**
   * Asks for the lease, and says whether another process has it. When nobody answers, there is none, and nobody to wait
   * for.
   */
  async #isHeld({ flight, budget }: Sought): Promise<boolean> {
    const late = (lease: Lease | NoLease): void => {
      if (typeof lease !== 'string') lease.release().catch(() => undefined)
    }
    const work = () => this.#tier.lease(this.#entries.addressOf(flight.key), flight.reading.version)
    const lease = await this.#guard.ask(work, { budget, stats: this.stats, late })
    if (lease === NO_ANSWER || typeof lease === 'string') return lease === 'held'
    flight.lease = new KeptLease(lease, (renew) => this.#renew(renew))
    if (!flight.lands) this.release(flight) // it was invalidated meanwhile: nobody is to wait for it
    return false
  }

  /** When nobody answers, it may still be ours. */
  async #renew(renew: () => Promise<boolean>): Promise<boolean> {
    return (await this.#ask(renew)) !== false
  }

  /**
   * What a load has brought and the LRU keeps, the others are to have as well. Nobody waits for that, but what is written is
   * taken down now.
   *
   * @param lifetime how long it is good, in milliseconds since its version was read.
   */
  offer(flight: Flight, output: unknown, stamps: Stamps | undefined, lifetime: number): void {
    const { key, reading } = flight
    const left = lifetime - (this.#settings.clock() - reading.readAt)
    if (flight.lease === undefined && flight.isRefresh) this.remove(key)
    if (flight.lease === undefined || !(left > 0)) return // what it still has, is given up
    const lease = takeLease(flight) as Lease
    void this.#write(flight, lease, () => ({ ...this.#describe(reading, stamps), output, lifetime: left }))
  }

  async #write({ key, isRefresh }: Flight, lease: Lease, describe: () => NewTierEntry): Promise<void> {
    try {
      const entry = describe()
      if ((await this.#ask(() => lease.write(entry))) === true) this.stats.writes++
    } catch (error) {
      this.#tell(() => lease.abandon(UNSHARED))
      if (isRefresh) this.remove(key) // it was to come in place of what is there
      this.#tellOfUnshared(key, error)
    }
  }

  /** @throws what an argument or a stamp fails with that cannot be carried. */
  #describe(reading: Reading, stamps: Stamps = []): Omit<TierEntry, 'output'> {
    return {
      version: reading.version,
      readAt: wallTime(reading.readAt, this.#settings.clock),
      exact: reading.snapshot !== undefined,
      stamps: stamps.map((wave) => wave.map((stamp) => stamp.carry())),
    }
  }

  /** A load that is still under way is not to be waited for any more. */
  release(flight: Flight): void {
    const lease = takeLease(flight)
    if (lease !== undefined) this.#tell(() => lease.release())
  }

  /** The load has brought nothing to share. Those who have waited for it load all at once, as without a tier. */
  giveUp(flight: Flight): void {
    const lease = takeLease(flight)
    if (lease !== undefined) this.#tell(() => lease.abandon(IN_VAIN))
  }

  /** What is there of a key, nobody is to read any more. (What this process finds all the same, it refuses for its age.) */
  remove(key: Key): void {
    this.#tell(() => this.#tier.remove(this.#entries.addressOf(key)))
  }

  #tell(work: () => Promise<void>): void {
    this.#ask(work).catch(() => undefined)
  }

  #tellOfUnshared(key: Key, error: unknown): void {
    this.stats.unshared++
    if (this.#hasToldOfUnshared) return
    this.#hasToldOfUnshared = true
    announce({
      type: 'outputNotShared',
      name: this.#name,
      key: showKey(key),
      reason: messageOf(error),
    })
  }

  #ask<T>(work: () => Promise<T>): Promise<T | typeof NO_ANSWER> {
    return this.#guard.ask(work, { budget: budgetOf(this.#settings.tierTimeout), stats: this.stats })
  }
}

function takeLease(flight: Flight): Lease | undefined {
  const { lease } = flight
  flight.lease = undefined
  return lease?.end()
}

/**
 * Not for a load of this process that the call has not joined, since that brings what it cannot use; nor in a snapshot,
 * for the same reason. Nor when it was invalidated, since nobody is to have then what others have begun to load.
 */
function mayWait(flight: Flight): boolean {
  const { isRefresh, reading } = flight
  const running = flight.flights.of(flight.key)
  if (isRefresh || reading.snapshot !== undefined || !running.includes(flight)) return false
  return running.every(({ lease }) => lease === undefined)
}

/** So that those who wait do not all look at the same moment. */
function somewhatLessThan(milliseconds: number): Promise<void> {
  return new Promise((resolve) => void later(milliseconds * (0.5 + Math.random() / 2), resolve))
}
