import { randomUUID } from 'node:crypto'
import { RefusedEntryError } from '../../src/core/tier.ts'
import type { TierStore } from '../../src/tiers/tier-store.ts'

const ABANDONED = 'abandoned'

/** A store that several copies of the library share, with all that one in Redis promises, and that a test can look into. */
export class MemoryStore implements TierStore {
  readonly texts = new Map<string, string>()
  /** Who has which lease, since which removal; they last until they are given back, or a test takes them away. */
  readonly leases = new Map<string, string>()
  /** What was asked of it, in order: `read`, `lease`, `write`, `release`, `abandon`, `renew`, `remove`. */
  readonly steps: string[] = []
  readonly lifetimes: number[] = []
  /** How often each key was removed: who has got a lease before that writes nothing. */
  readonly removals = new Map<string, number>()

  /** How many leases are held. */
  get held(): number {
    return [...this.leases.values()].filter((holder) => !holder.startsWith(ABANDONED)).length
  }

  /** Runs before each operation: it may fail, or take its time. */
  before: (step: string) => Promise<void> = async () => undefined

  async read(key: string, maxBytes: number): Promise<string | undefined> {
    await this.#step('read')
    const text = this.texts.get(key)
    if (text !== undefined && Buffer.byteLength(text) > maxBytes) throw new RefusedEntryError('it is too large')
    return text
  }

  async remove(key: string): Promise<void> {
    await this.#step('remove')
    this.removals.set(key, this.#removalsOf(key) + 1)
    this.texts.delete(key)
  }

  async lease(key: string, purpose: string): ReturnType<TierStore['lease']> {
    await this.#step('lease')
    const name = `${key}:${purpose}`
    const removals = String(this.#removalsOf(key))
    const [holder, since] = this.leases.get(name)?.split(' ') ?? []
    if (since === removals) return holder === ABANDONED ? 'abandoned' : 'held'
    const token = `${randomUUID()} ${removals}`
    this.leases.set(name, token)
    const isHeld = () => this.leases.get(name) === token
    return {
      renew: async () => {
        await this.#step('renew')
        return isHeld()
      },
      write: async (text, lifetime) => {
        await this.#step('write')
        if (!isHeld()) return false
        this.leases.delete(name)
        if (removals !== String(this.#removalsOf(key))) return false
        this.texts.set(key, text)
        this.lifetimes.push(lifetime)
        return true
      },
      release: async () => {
        await this.#step('release')
        if (isHeld()) this.leases.delete(name)
      },
      abandon: async (milliseconds) => {
        await this.#step('abandon')
        if (!isHeld()) return
        this.leases.set(name, `${ABANDONED} ${removals}`)
        setTimeout(() => this.leases.delete(name), milliseconds).unref()
      },
    }
  }

  #removalsOf(key: string): number {
    return this.removals.get(key) ?? 0
  }

  async #step(step: string): Promise<void> {
    this.steps.push(step)
    await this.before(step)
  }
}
