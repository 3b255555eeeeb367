import type { NoLease } from '../../src/core/tier.ts'
import type { StoreLease, TierStore } from '../../src/tiers/tier-store.ts'
import { MemoryStore } from './memory-store.ts'

/** What happens to a store before an operation, or to the operation itself. */
export type StoreFault =
  | 'fails'
  | 'fails when it is done'
  | 'everything is lost'
  | 'what was there before is there again'
  | 'entries change places'
  | 'entries are damaged'

export interface PlannedFault {
  /** Which operation, counted from 0. */
  readonly operation: number
  readonly what: StoreFault
  /** Of what there is to choose from, which. */
  readonly pick: number
}

/** All that a store holds. */
type Held = Pick<MemoryStore, 'texts' | 'leases' | 'removals'>

/** A store whose operations take two steps each: it does what it is asked for, and later the answer comes. */
export class GraphStore implements TierStore {
  readonly memory: MemoryStore = new MemoryStore()
  readonly #faults: readonly PlannedFault[]
  readonly #pass: (label: string) => Promise<void>
  readonly #before: Held[] = []
  #operations = 0
  #isCalm = false

  constructor(faults: readonly PlannedFault[], pass: (label: string) => Promise<void>) {
    this.#faults = faults
    this.#pass = pass
  }

  read(key: string, maxBytes: number): Promise<string | undefined> {
    return this.#do(`read ${key}`, () => this.memory.read(key, maxBytes))
  }

  remove(key: string): Promise<void> {
    return this.#do(`remove ${key}`, () => this.memory.remove(key))
  }

  async lease(key: string, purpose: string): Promise<StoreLease | NoLease> {
    const lease = await this.#do(`lease ${key}`, () => this.memory.lease(key, purpose))
    if (typeof lease === 'string') return lease
    return {
      renew: () => this.#do(`renew the lease of ${key}`, async () => (await lease.renew?.()) ?? true),
      write: (text, lifetime) => this.#do(`write ${key}`, () => lease.write(text, lifetime)),
      release: () => this.#do(`give back the lease of ${key}`, () => lease.release()),
      abandon: () => this.#do(`give up the lease of ${key}`, () => lease.release()), // no time goes by here
    }
  }

  /** Whether nothing goes on, and nothing goes wrong: leases have run out by then. */
  calm(isCalm: boolean): void {
    this.#isCalm = isCalm
    this.memory.leases.clear()
  }

  async #do<T>(what: string, work: () => Promise<T>): Promise<T> {
    if (this.#isCalm) return work()
    const number = this.#operations++
    const fault = this.#faults.find(({ operation }) => operation === number)
    await this.#pass(`the store is to ${what}`)
    this.#before.push(copyOf(this.memory))
    if (fault !== undefined) this.#befall(fault)
    if (fault?.what === 'fails') throw new Error('this operation fails')
    const answer = await work()
    await this.#pass(`the store is asked to ${what}, and has done so`)
    if (fault?.what === 'fails when it is done') throw new Error('this answer is lost')
    return answer
  }

  #befall({ what, pick }: PlannedFault): void {
    const { texts } = this.memory
    const all = [...texts]
    if (what === 'everything is lost') this.#hold({ texts: new Map(), leases: new Map(), removals: new Map() })
    if (what === 'what was there before is there again') this.#hold(this.#before[pick % this.#before.length] as Held)
    if (what === 'entries change places') {
      for (const [index, [key]] of all.entries())
        texts.set(key, (all[(index + pick) % all.length] as [string, string])[1])
    }
    if (what === 'entries are damaged') for (const [key, text] of all) texts.set(key, damaged(text, pick))
  }

  #hold(held: Held): void {
    for (const part of ['texts', 'leases', 'removals'] as const) {
      const own = this.memory[part] as Map<string, unknown>
      own.clear()
      for (const [key, value] of held[part]) own.set(key, value)
    }
  }
}

function copyOf({ texts, leases, removals }: Held): Held {
  return { texts: new Map(texts), leases: new Map(leases), removals: new Map(removals) }
}

function damaged(text: string, pick: number): string {
  const at = pick % text.length
  return `${text.slice(0, at)}${text[at] === '7' ? '8' : '7'}${text.slice(at + 1)}`
}
