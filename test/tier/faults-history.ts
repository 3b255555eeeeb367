import { setTimeout as pause } from 'node:timers/promises'

/**
 * What several processes did, as each of them has written it down. A moment is a reading of the machine's monotonic
 * clock, which all processes share, in milliseconds. Rows are numbered, and each write gives a row its next number; what
 * is shown of a row is that number, so each output tells by itself which writes it knows.
 */

/** The monotonic clock of the machine. */
export function now(): number {
  return Number(process.hrtime.bigint()) / 1e6
}

/** What the processes cache. Each function takes an id. */
export type ReportName = 'item' | 'page' | 'list' | 'timed' | 'slow'

/** The rows that a report is made of: first its own, then those of its parts. */
export function rowsOf(of: string, id: number): number[] {
  switch (of) {
    case 'page': // calls `item` twice
      return [100 + id, 2 * id, 2 * id + 1]
    case 'list': // reads its rows in one statement
      return [id, (id + 3) % ITEMS, (id + 5) % ITEMS]
    case 'timed': // its row is never written: its time alone decides
      return [200 + id]
    case 'slow':
      return [300 + id]
    default:
      return [id]
  }
}

export const ITEMS = 8
export const PAGES = ITEMS / 2
/** What is written all the time. */
export const WRITTEN = [...Array(ITEMS).keys(), ...Array.from({ length: PAGES }, (_, id) => 100 + id)]

export interface Write {
  readonly row: number
  /** What the row had from then on. */
  readonly number: number
  readonly sentAt: number
  readonly ackedAt: number
}

export interface Shown {
  readonly row: number
  readonly number: number
}

/** What an output says of itself. */
export interface Output {
  readonly of: string
  readonly id: number
  /** The code version of the process that has built it. */
  readonly shape: string
  readonly rows: readonly Shown[]
  /** When its loader, or that of its oldest part, began. */
  readonly loadedAt: number
  /** Whether all of its fields tell the same. */
  readonly isWhole: boolean
  /** Which object it was: two outputs of a session are one if they have the same serial. */
  readonly serial: number
}

export interface Call {
  readonly of: string
  readonly id: number
  readonly askedAt: number
  readonly endedAt: number
  /** Undefined if it failed; then `error` says why. */
  readonly output?: Output | undefined
  readonly error?: string | undefined
}

export interface SessionRecord {
  /** The code version of its process. */
  readonly shape: string
  readonly calls: readonly Call[]
}

/** What is written down and fetched by the test from time to time. */
export interface History {
  readonly sessions: SessionRecord[]
  readonly writes: Write[]
}

/**
 * Waits until something is so, and fails when that takes too long.
 *
 * @param every so many milliseconds it looks again.
 */
export async function until(what: string, isSo: () => boolean | Promise<boolean>, every = 5): Promise<void> {
  const deadline = now() + 20_000
  while (!(await isSo())) {
    if (now() > deadline) throw new Error(`It did not come about that ${what}.`)
    await pause(every)
  }
}
