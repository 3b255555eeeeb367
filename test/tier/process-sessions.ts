import { setTimeout as pause } from 'node:timers/promises'
import type pg from 'pg'
import { runInSession } from '../../src/index.ts'
import { randomOf } from '../support/database-load.ts'
import {
  type Call,
  type History,
  ITEMS,
  now,
  PAGES,
  type ReportName,
  type SessionRecord,
  WRITTEN,
  type Write,
} from './faults-history.ts'
import type { ProcessSettings } from './process-messages.ts'
import { type Report, type Reports, seen } from './process-reports.ts'

/** How long sessions and writers rest, at the most, in milliseconds. */
const REST = { session: 20, writer: 100 }

/** The version and the data in one statement, so that they commit together. */
const WRITE = `
with version as (update versions set version = version + 1 where id = $1)
update numbers set number = number + 1 where id = $1 returning number`

/** The sessions and writers of one process, and what they write down. */
export class Sessions {
  readonly #reports: Reports
  readonly #pool: pg.Pool
  readonly #shape: string
  readonly #random: () => number
  readonly #afterEach: () => void
  #history: History = { sessions: [], writes: [] }
  #running: Promise<unknown>[] = []
  #isStopped = true
  #serials = new WeakMap<Report, number>()
  #lastSerial = 0

  constructor(reports: Reports, pool: pg.Pool, settings: ProcessSettings, afterEach: () => void) {
    this.#reports = reports
    this.#pool = pool
    this.#shape = settings.codeVersion ?? ''
    this.#random = randomOf(settings.seed)
    this.#afterEach = afterEach
  }

  /** They go on until they are stopped. */
  run(sessions: number, writers: number): void {
    this.#isStopped = false
    const each = (count: number, step: () => Promise<void>) =>
      Array.from({ length: count }, async () => {
        while (!this.#isStopped) await step()
      })
    this.#running.push(
      ...each(sessions, async () => {
        await pause(this.#random() * REST.session)
        await this.#session()
      }),
      ...each(writers, async () => {
        await pause(this.#random() * REST.writer)
        await this.write(this.#pick(WRITTEN))
      }),
    )
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    await Promise.all(this.#running.splice(0))
  }

  /** What was written down since the last time. */
  collect(): History {
    const history = this.#history
    this.#history = { sessions: [], writes: [] }
    return history
  }

  async write(row: number): Promise<void> {
    const sentAt = now()
    const { rows } = await this.#pool.query<{ number: number }>(WRITE, [row])
    const write: Write = { row, number: rows[0]?.number as number, sentAt, ackedAt: now() }
    this.#history.writes.push(write)
  }

  /** So many sessions at once ask for one report. Gives how long the longest of them has waited. */
  async ask(of: ReportName, id: number, callers: number): Promise<number> {
    const askedAt = now()
    await Promise.all(Array.from({ length: callers }, () => this.#inSession((call) => call(of, id))))
    return now() - askedAt
  }

  /** Some reports at once or one after the other, and some of them twice. */
  #session(): Promise<void> {
    return this.#inSession(async (call) => {
      const asked: Promise<void>[] = []
      for (let left = 2 + Math.floor(this.#random() * 3); left > 0; left--) {
        const [of, ids] = this.#pick(MIX)
        const id = Math.floor(this.#random() * ids)
        asked.push(call(of, id))
        if (this.#random() < 0.6) await asked.at(-1)
        if (this.#random() < 0.3) asked.push(call(of, id))
      }
      await Promise.all(asked)
    })
  }

  async #inSession(work: (call: (of: ReportName, id: number) => Promise<void>) => Promise<void>): Promise<void> {
    const calls: Call[] = []
    const session: SessionRecord = { shape: this.#shape, calls }
    await runInSession(() =>
      work(async (of, id) => {
        calls.push(await this.#call(of, id))
      }),
    )
    this.#history.sessions.push(session)
    this.#afterEach()
  }

  async #call(of: ReportName, id: number): Promise<Call> {
    const askedAt = now()
    try {
      const report = await this.#reports[of](id)
      const endedAt = now()
      return { of, id, askedAt, endedAt, output: seen(report, this.#shape, this.#serialOf(report)) }
    } catch (error) {
      return { of, id, askedAt, endedAt: now(), error: String(error) }
    }
  }

  #serialOf(report: Report): number {
    const serial = this.#serials.get(report) ?? ++this.#lastSerial
    this.#serials.set(report, serial)
    return serial
  }

  #pick<T>(from: readonly T[]): T {
    return from[Math.floor(this.#random() * from.length)] as T
  }
}

/** What sessions ask for, and how many ids that has. */
const MIX: readonly (readonly [ReportName, number])[] = [
  ['item', ITEMS],
  ['page', PAGES],
  ['page', PAGES],
  ['list', ITEMS],
  ['timed', 6],
]
