import { nextOrder } from './checks.ts'
import { monotonicClock } from './clock.ts'

/**
 * One state of a database, which a session reads while others write. What it is asked for is as old as it is itself,
 * whenever it is asked.
 */
export class Snapshot {
  /** What was handed in as the database: sources of the same one read their versions in the snapshot. */
  readonly database: object
  readonly order: number = nextOrder()
  readonly readAt: number = monotonicClock()
  readonly #readers = new Set<Promise<unknown>>()

  constructor(database: object) {
    this.database = database
  }

  /** Something reads in it, on which others may wait too. */
  keepFor(reader: Promise<unknown>): void {
    const leave = (): void => void this.#readers.delete(reader)
    this.#readers.add(reader)
    reader.then(leave, leave)
  }

  /** Resolves when nothing reads in it any more, nor what a check has made way for. */
  async settled(): Promise<void> {
    do {
      await Promise.allSettled(this.#readers)
      await new Promise((resolve) => setImmediate(resolve))
    } while (this.#readers.size > 0)
  }
}
