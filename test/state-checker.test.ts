import { describe, expect, it } from 'vitest'
import {
  type CallRecord,
  type Commit,
  type Faults,
  faultsOf,
  type Row,
  type SessionRecord,
} from './support/state-checker.ts'

const NONE: Faults = { stale: 0, mixed: 0, torn: 0, back: 0, unpinned: 0 }

const commit = (writer: number, number: number, tables: string[], sentAt: number, ackedAt = sentAt + 1): Commit => ({
  writer,
  number,
  tables,
  sentAt,
  ackedAt,
})

const row = (table: string, number: number, writer = 0): Row => ({ table, writer, number })

/** A call that ends as soon as it has begun, of the function that reads these rows. */
const call = (askedAt: number, output: Row[], endedAt = askedAt + 1): CallRecord => {
  const tables = [...new Set(output.map(({ table }) => table))]
  return { key: tables.join(), tables, askedAt, endedAt, output }
}

const session = (...calls: CallRecord[]): SessionRecord => ({ calls })

/** Writer 0 moves both tables at 10, and the flights at 20. */
const COMMITS = [commit(0, 1, ['flights', 'airports'], 10), commit(0, 2, ['flights'], 20)]

describe('the judge of states', () => {
  it('finds nothing wrong with what is fresh and of one state', () => {
    const good = [
      session(call(2, [row('flights', 0)]), call(4, [row('airports', 0)])),
      session(
        call(12, [row('flights', 1)]),
        call(14, [row('airports', 1)]),
        call(16, [row('flights', 1), row('airports', 1)]),
      ),
      session(call(30, [row('flights', 2)]), call(32, [row('airports', 1)])),
    ]
    expect(faultsOf(COMMITS, good)).toEqual(NONE)
  })

  it('sees what is stale: a commit that was acknowledged before the session asked is missing', () => {
    expect(faultsOf(COMMITS, [session(call(12, [row('flights', 0)]))])).toEqual({ ...NONE, stale: 1 })
  })

  it('lets pass what is not acknowledged yet, seen or not, and what a session holds on to', () => {
    const open = [commit(0, 1, ['flights'], 10, 20)]
    for (const number of [0, 1]) expect(faultsOf(open, [session(call(15, [row('flights', number)]))])).toEqual(NONE)
    const output = [row('flights', 0)]
    expect(faultsOf(COMMITS, [session(call(2, output), call(40, output))])).toEqual(NONE)
  })

  it('counts from where the session asked for the version of a table, with whatever function', () => {
    const both = call(12, [row('flights', 0), row('airports', 0)])
    expect(faultsOf(COMMITS, [session(call(2, [row('flights', 0)]), both)])).toEqual({ ...NONE, stale: 1 })
    const flights = [commit(0, 1, ['flights'], 10)]
    expect(faultsOf(flights, [session(call(2, [row('flights', 0)]), both)])).toEqual(NONE)
  })

  it('sees what is mixed: two outputs that were never true together', () => {
    const mixed = session(call(2, [row('flights', 0)]), call(12, [row('airports', 1)]))
    expect(faultsOf(COMMITS, [mixed])).toEqual({ ...NONE, mixed: 1 })
  })

  it('sees it across writers, from the order of their commits', () => {
    const commits = [commit(0, 1, ['flights'], 10), commit(1, 1, ['airports'], 20)]
    const mixed = session(call(2, [row('flights', 0)]), call(30, [row('airports', 1, 1)]))
    expect(faultsOf(commits, [mixed])).toEqual({ ...NONE, mixed: 1 })
    const overlapping = [commit(0, 1, ['flights'], 10, 25), commit(1, 1, ['airports'], 20)]
    expect(faultsOf(overlapping, [mixed])).toEqual(NONE)
  })

  it('sees what came after a snapshot, and that it shows nothing older than who asked for it', () => {
    const late = { ...session(call(12, [row('flights', 1)])), snapshot: { askedAt: 2, takenAt: 3 } }
    expect(faultsOf(COMMITS, [late])).toEqual({ ...NONE, mixed: 1 })
    const old = { ...session(call(14, [row('flights', 0)])), snapshot: { askedAt: 12, takenAt: 13 } }
    expect(faultsOf(COMMITS, [old])).toEqual({ ...NONE, stale: 1 })
    const good = { ...session(call(14, [row('flights', 0)])), snapshot: { askedAt: 2, takenAt: 3 } }
    expect(faultsOf(COMMITS, [good])).toEqual(NONE)
  })

  it('sees what is torn: an output of two states', () => {
    const torn = session(call(2, [row('flights', 0), row('airports', 1)], 30))
    expect(faultsOf(COMMITS, [torn])).toEqual({ ...NONE, torn: 1 })
  })

  it('sees who goes back in time: an older output than somebody had got before', () => {
    const open = [
      commit(0, 1, ['flights'], 10, 11),
      commit(0, 2, ['flights'], 20, 50),
      commit(1, 1, ['flights'], 21, 22),
    ]
    const newer = session(call(30, [row('flights', 1, 1), row('flights', 2)]))
    const older = session(call(32, [row('flights', 1)]))
    expect(faultsOf(open, [newer, older])).toEqual(NONE) // both were true while the second commit was on its way
    const before = [commit(0, 1, ['flights'], 10, 40), commit(0, 2, ['flights'], 41, 90)]
    const seen = session(call(45, [row('flights', 2)]))
    const back = session(call(60, [row('flights', 0)]))
    expect(faultsOf(before, [seen, back])).toEqual({ ...NONE, stale: 1, back: 1 })
  })

  it('sees what is not pinned: another output of the same function, though it be equal', () => {
    const unpinned = session(call(2, [row('flights', 0)]), call(4, [row('flights', 0)]))
    expect(faultsOf(COMMITS, [unpinned])).toEqual({ ...NONE, unpinned: 1 })
  })

  it('refuses what nobody has committed', () => {
    expect(() => faultsOf(COMMITS, [session(call(2, [row('flights', 7)]))])).toThrow('Nobody committed 7 of writer 0')
  })
})
