import { vi } from 'vitest'
import type { Tier } from '../../src/core/tier.ts'
import type { CacheControls } from '../../src/index.ts'
import { settle } from './gate.ts'
import { freshLibrary } from './library-copy.ts'
import { MemoryStore } from './memory-store.ts'

type Library = Awaited<ReturnType<typeof freshLibrary>>
type TierOptions = Parameters<Library['tierOver']>[1]
type Loader = (...args: never[]) => unknown
type Cached<F extends Loader> = ((...args: Parameters<F>) => Promise<Awaited<ReturnType<F>>>) & CacheControls<F>

/** Copies of the library, which one test after the other takes: to import one takes its time. */
const copies: Library[] = []
let made = 0

/** Processes with one store, and with clocks that stand still until the test moves them on. */
export class TierProcesses {
  readonly store: MemoryStore = new MemoryStore()
  /** In milliseconds, by all clocks. */
  now = 0
  /** No name comes again: it stands for one thing only, as long as that lives. */
  readonly #prefix = `${made++}-`
  #started = 0

  constructor() {
    vi.spyOn(Date, 'now').mockImplementation(() => Math.floor(1_764_201_600_000 + this.now))
    vi.spyOn(performance, 'now').mockImplementation(() => this.now)
  }

  async start(options: TierOptions = {}): Promise<TierProcess> {
    const copy = copies[this.#started] ?? (await freshLibrary())
    copies[this.#started++] = copy
    return new TierProcess(copy, copy.tierOver(this.store, options), this.#prefix, () => this.now)
  }

  /** Time passes when everything is done that can be done now. */
  async elapse(milliseconds: number): Promise<void> {
    await settle()
    this.now += milliseconds
  }

  /** The header of what is there, in the order in which it was written first. */
  get entries(): { readonly name: string; readonly readAt: number }[] {
    return [...this.store.texts.values()].map((text) => JSON.parse(text.split('\n')[1] as string))
  }
}

/** One of them. Its functions have the tier, and what they give is good for ever, unless told otherwise. */
export class TierProcess {
  readonly library: Library['library']
  readonly #tier: Tier
  readonly #prefix: string
  readonly #clock: () => number

  constructor({ library }: Library, tier: Tier, prefix: string, clock: () => number) {
    this.library = library
    this.#tier = tier
    this.#prefix = prefix
    this.#clock = clock
  }

  cached<F extends Loader>(name: string, loader: F, options: object = {}): Cached<F> {
    const tiered = { tier: this.#tier, tierTimeout: Infinity, ttl: Infinity, clock: this.#clock }
    const all = { name: this.#prefix + name, ...tiered, ...options }
    return this.library.versionedLruCache(loader as never, all as never) as unknown as Cached<F>
  }

  /** A version source whose check is a promise. */
  source(name: string, read: () => unknown) {
    const check = async () => (await read()) as number
    return this.library.versionSource({ name: this.#prefix + name, read: check, timeout: Infinity })
  }
}
