import { setTimeout as pause } from 'node:timers/promises'
import type pg from 'pg'
import type { CallRecord, Commit, Row, SessionRecord } from './state-checker.ts'

export const TABLES = ['flights', 'airports'] as const
export const WRITERS = 8

/** Each writer has a row of its own in both tables, so that their transactions overlap. */
export const SCHEMA = TABLES.map(
  (table) => `
drop table if exists ${table};
create table ${table} (writer int primary key, number int not null, updated_at timestamptz not null default now());
insert into ${table} select writer, 0 from generate_series(0, ${WRITERS - 1}) writer;`,
).join('\n')

/** What a function reads: all of a table, both tables in one state, or the row of one key. */
export const READS = {
  flights: { tables: ['flights'], sql: rowsOf('flights') },
  airports: { tables: ['airports'], sql: rowsOf('airports') },
  both: { tables: ['flights', 'airports'], sql: `${rowsOf('flights')} union all ${rowsOf('airports')}` },
  'flight of': { tables: ['flights'], sql: `${rowsOf('flights')} where writer = $1` },
} as const

export type ReadName = keyof typeof READS

function rowsOf(table: string): string {
  return `select '${table}' as table, writer, number from ${table}`
}

/** Moments of one process. */
export class Moments {
  #last = 0

  next(): number {
    return ++this.#last
  }
}

/** Numbers in [0, 1), the same for each seed (mulberry32). */
export function randomOf(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

type Client = Pick<pg.ClientBase, 'query'>

/** How long writers pause between transactions, and some of them before they end one: at the most, in milliseconds. */
const PAUSES = { between: 20, before: 30 }

/** Writers on connections of their own, who go on until they are stopped. */
export class Writers {
  readonly commits: Commit[] = []
  rolledBack = 0
  /** Transactions that committed before one that had begun earlier. */
  overtaking = 0
  readonly #moments: Moments
  readonly #pauses: typeof PAUSES
  readonly #open = new Set<number>()
  #isStopped = false
  #ended: Promise<unknown> = Promise.resolve()

  constructor(moments: Moments, pauses: typeof PAUSES = PAUSES) {
    this.#moments = moments
    this.#pauses = pauses
  }

  start(clients: readonly Client[]): void {
    this.#ended = Promise.all(clients.map((client, writer) => this.#write(client, writer, randomOf(writer + 1))))
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    await this.#ended
  }

  async #write(client: Client, writer: number, random: () => number): Promise<void> {
    for (let number = 1; !this.#isStopped; number++) {
      const tables = TABLES.filter((_, index) => random() < 0.6 || index === number % 2)
      const begunAt = this.#moments.next()
      this.#open.add(begunAt)
      const set = `set number = ${number}, updated_at = now() where writer = ${writer}`
      await client.query(['begin', ...tables.map((table) => `update ${table} ${set}`)].join(';'))
      if (random() < 0.3) await pause(random() * this.#pauses.before)
      await (random() < 0.15 ? this.#rollBack(client) : this.#commit(client, { writer, number, tables }))
      this.#open.delete(begunAt)
      if ([...this.#open].some((other) => other < begunAt)) this.overtaking++
      await pause(random() * this.#pauses.between)
    }
  }

  async #rollBack(client: Client): Promise<void> {
    await client.query('rollback')
    this.rolledBack++
  }

  async #commit(client: Client, write: Pick<Commit, 'writer' | 'number' | 'tables'>): Promise<void> {
    const sentAt = this.#moments.next()
    await client.query('commit')
    this.commits.push({ ...write, sentAt, ackedAt: this.#moments.next() })
  }
}

export type Reads = { readonly [name in ReadName]: (writer?: number) => Promise<Row[]> }

/** Runs a session, and tells when its snapshot was there. */
export type Enter = (session: (takenAt?: number) => Promise<void>) => Promise<unknown>

/** A session that calls the four functions in any order, some at once, some twice, some after a pause. */
export async function runSession(
  moments: Moments,
  reads: Reads,
  enter: Enter,
  random: () => number,
): Promise<SessionRecord> {
  const calls: CallRecord[] = []
  await pause(random() * 30)
  const askedAt = moments.next()
  let takenAt: number | undefined
  await enter(async (taken) => {
    takenAt = taken
    const left = orderOf(random)
    while (left.length > 0) {
      const group = left.splice(0, 1 + Math.floor(random() * 3))
      calls.push(
        ...(await Promise.all(group.map((name) => call(moments, reads, name, Math.floor(random() * WRITERS))))),
      )
      if (random() < 0.3) await pause(random() * 5)
    }
  })
  return { calls, snapshot: takenAt === undefined ? undefined : { askedAt, takenAt } }
}

function orderOf(random: () => number): ReadName[] {
  const names = Object.keys(READS) as ReadName[]
  return [...names, ...names.filter(() => random() < 0.5)]
    .map((name) => ({ name, place: random() }))
    .sort((a, b) => a.place - b.place)
    .map(({ name }) => name)
}

/**
 * A call of one of the functions, as it is recorded.
 *
 * @public the bench calls it as well
 */
export async function call(moments: Moments, reads: Reads, name: ReadName, writer: number): Promise<CallRecord> {
  const hasKey = name === 'flight of'
  const askedAt = moments.next()
  const output = await (hasKey ? reads[name](writer) : reads[name]())
  const key = hasKey ? `${name} ${writer}` : name
  return { key, tables: READS[name].tables, askedAt, endedAt: moments.next(), output }
}
