import type { SourceName } from './graph-plan.ts'

/** What a load has read of the data, and what it was told of its version, if it has asked. */
export interface SeenDatum {
  readonly cell: string
  readonly data: number
  readonly version?: number
  /** By the clock of the functions. */
  readonly at: number
}

/** The data under a graph, each with a version. Both are counted by writes: a version stands for the data of its number. */
export class GraphData {
  now = 0
  readonly #data = new Map<string, number>()
  readonly #versions = new Map<string, number>()
  /** The newest write of which somebody was told that it is done, in each process. */
  readonly #acknowledged = new Map<number, Map<string, number>>()
  /** Time passes for timers as well. */
  onElapse: (milliseconds: number) => void = () => {}

  static cell(source: SourceName, key: string): string {
    return `${source} ${key}`
  }

  read(cell: string, version?: number): SeenDatum {
    const seen = { cell, data: this.#data.get(cell) ?? 0, at: this.now }
    return version === undefined ? seen : { ...seen, version }
  }

  version(cell: string): number {
    return this.#versions.get(cell) ?? 0
  }

  /** @returns the number of the write. */
  write(cell: string): number {
    const number = (this.#data.get(cell) ?? 0) + 1
    this.#data.set(cell, number)
    return number
  }

  publish(cell: string, number: number): void {
    this.#versions.set(cell, Math.max(this.version(cell), number))
  }

  acknowledge(process: number, cell: string, number: number): void {
    const known = this.#acknowledged.get(process) ?? new Map<string, number>()
    this.#acknowledged.set(process, known.set(cell, Math.max(known.get(cell) ?? 0, number)))
  }

  acknowledged(process: number): ReadonlyMap<string, number> {
    return new Map(this.#acknowledged.get(process))
  }

  elapse(milliseconds: number): void {
    this.now += milliseconds
    this.onElapse(milliseconds)
  }
}
