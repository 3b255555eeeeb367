import { type Gate, gate } from './gate.ts'

/** What a load of a {@link World} gives: which key, at which version it was read, and by which load. */
export interface Row {
  readonly id: string
  readonly version: number
  readonly load: number
}

/** Data with a version for each key, and a list of the steps that were taken: checks and loads. */
export class World {
  readonly steps: string[] = []
  readonly #versions = new Map<string, number>()
  #loads = 0

  write(id: string): void {
    this.#versions.set(id, this.versionOf(id) + 1)
  }

  versionOf(id: string): number {
    return this.#versions.get(id) ?? 1
  }

  check = (id: string): number => {
    this.steps.push(`check ${id}`)
    return this.versionOf(id)
  }

  load = (id: string): Row => {
    this.steps.push(`load ${id}`)
    this.#loads++
    return { id, version: this.versionOf(id), load: this.#loads }
  }

  /** The steps since the last time, so that a test tells a story. */
  take(): string[] {
    return this.steps.splice(0)
  }
}

/** The two ways a function can give its result, and the four ways a loader and a version function combine. */
export type Shape = 'sync' | 'async'

export const MODES: ReadonlyArray<{ loader: Shape; version: Shape }> = [
  { loader: 'sync', version: 'sync' },
  { loader: 'async', version: 'async' },
  { loader: 'async', version: 'sync' },
  { loader: 'sync', version: 'async' },
]

/** What says which entry makes room; what holds for one has to hold for the other. */
export type Eviction = 'lru' | 'sieve'

export const EVICTIONS: readonly Eviction[] = ['lru', 'sieve']

/** Gives a function in the shape that a mode asks for. */
export function shaped<Args extends unknown[], R>(shape: Shape, fn: (...args: Args) => R): (...args: Args) => R {
  if (shape === 'sync') return fn
  return (async (...args: Args) => {
    await null // so that the work is done in a later turn, as real asynchronous work is
    return fn(...args)
  }) as unknown as (...args: Args) => R
}

/** An asynchronous function whose runs wait for the test: `runs[0].open(value)`. */
export function gated<Args extends unknown[], R>(): {
  fn: (...args: Args) => Promise<R>
  runs: Array<Gate<R> & { args: Args }>
} {
  const runs: Array<Gate<R> & { args: Args }> = []
  const fn = (...args: Args): Promise<R> => {
    const run = Object.assign(gate<R>(), { args })
    runs.push(run)
    return run.promise
  }
  return { fn, runs }
}
