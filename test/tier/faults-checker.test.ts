import { describe, expect, it } from 'vitest'
import { judge, NOTHING_WRONG, outputsIn } from './faults-checker.ts'
import { type Call, type Output, rowsOf, type SessionRecord, type Write } from './faults-history.ts'

let serials = 0

/** An output whose rows have these numbers. */
const output = (of: string, id: number, numbers: number[], rest: Partial<Output> = {}): Output => ({
  of,
  id,
  shape: '1',
  rows: rowsOf(of, id).map((row, index) => ({ row, number: numbers[index] as number })),
  loadedAt: 0,
  isWhole: true,
  serial: ++serials,
  ...rest,
})

/** A call that gets what it asks for. */
const call = (askedAt: number, got: Output, endedAt = askedAt + 1): Call => ({
  of: got.of,
  id: got.id,
  askedAt,
  endedAt,
  output: got,
})

const session = (...calls: Call[]): SessionRecord => ({ shape: '1', calls })

const write = (row: number, number: number, sentAt: number, ackedAt = sentAt + 1): Write => ({
  row,
  number,
  sentAt,
  ackedAt,
})

/** Row 0 is written at 10 and at 20, row 1 at 30, and row 100, of page 0, at 40. */
const WRITES = [write(0, 1, 10), write(0, 2, 20), write(1, 1, 30), write(100, 1, 40)]

const judged = (sessions: SessionRecord[], writes = WRITES, limits = {}) =>
  judge({ sessions, writes }, sessions, limits)
const wrong = (rules: Partial<typeof NOTHING_WRONG>) => ({ ...NOTHING_WRONG, ...rules })

describe('the judge of what several processes did', () => {
  it('finds nothing wrong with what is right', () => {
    const item = output('item', 0, [1])
    const good = [
      session(call(5, output('item', 0, [0]))),
      session(call(15, item), call(25, item)), // pinned
      session(call(50, output('page', 0, [1, 2, 1])), call(52, output('item', 0, [2]))),
      session(call(50, output('list', 0, [2, 0, 0]))),
    ]
    expect(judged(good)).toEqual(NOTHING_WRONG)
    expect(outputsIn(good)).toBe(6)
  })

  it('sees an output of another key, of another function, and one that is made of rows of others', () => {
    const other = { ...call(5, output('item', 1, [0])), id: 0 }
    const page = { ...call(5, output('page', 0, [0, 0, 0])), of: 'item' }
    const parts = call(5, output('page', 0, [0, 0, 0], { rows: output('page', 1, [0, 0, 0]).rows }))
    expect(judged([session(other), session(page), session(parts)])).toEqual(wrong({ foreign: 3 }))
  })

  it('sees an output of another shape', () => {
    expect(judged([session(call(5, output('item', 0, [0], { shape: '2' })))])).toEqual(wrong({ misshapen: 1 }))
  })

  it('sees what is stale: older than a write that was acknowledged before the session asked', () => {
    expect(judged([session(call(22, output('item', 0, [1])))])).toEqual(wrong({ stale: 1 }))
    expect(judged([session(call(32, output('list', 6, [0, 1, 0])))], [write(1, 2, 30)])).toEqual(wrong({ stale: 1 }))
  })

  it('lets pass a write that was not acknowledged yet, shown or not', () => {
    const open = [write(0, 1, 10, 20)]
    for (const number of [0, 1]) {
      expect(judged([session(call(15, output('item', 0, [number])))], open)).toEqual(NOTHING_WRONG)
    }
  })

  it('counts from where the session asked first for a row, by whatever function', () => {
    const page = call(22, output('page', 0, [0, 1, 0]))
    expect(judged([session(call(15, output('item', 0, [1])), page)])).toEqual(NOTHING_WRONG)
    expect(judged([session(page)])).toEqual(wrong({ torn: 1 }))
  })

  it('sees what is torn: a part is older than the whole may be', () => {
    expect(judged([session(call(50, output('page', 0, [1, 2, 0])))])).toEqual(wrong({ torn: 1 }))
    expect(judged([session(call(50, output('page', 0, [0, 2, 1])))])).toEqual(wrong({ stale: 1 }))
  })

  it('sees what is torn: rows that were read at once and never true together', () => {
    const writes = [write(0, 1, 10), write(3, 1, 20)]
    expect(judged([session(call(5, output('list', 0, [0, 1, 0]), 30))], writes)).toEqual(wrong({ torn: 1 }))
    expect(judged([session(call(5, output('list', 0, [1, 0, 0]), 30))], writes)).toEqual(NOTHING_WRONG)
  })

  it('sees what is torn: fields that do not tell the same', () => {
    expect(judged([session(call(5, output('item', 0, [0], { isWhole: false })))])).toEqual(wrong({ torn: 1 }))
  })

  it('sees who goes back: something newer had been seen, whether its write was acknowledged or not', () => {
    const seen = session(call(15, output('item', 0, [1])))
    const older = session(call(17, output('item', 0, [0])))
    expect(judged([seen, older], [write(0, 1, 10, 90)])).toEqual(wrong({ back: 1 }))
    expect(judged([seen, older], [])).toEqual(wrong({ back: 1 })) // the writer was killed, and its records with it
    const atOnce = session(call(15.5, output('item', 0, [0])))
    expect(judged([seen, atOnce], [])).toEqual(NOTHING_WRONG)
  })

  it('sees what is not pinned: another object, though it be equal', () => {
    const two = session(call(50, output('item', 0, [2])), call(52, output('item', 0, [2])))
    expect(judged([two])).toEqual(wrong({ unpinned: 2 }))
  })

  it('sees what was served when its time was over', () => {
    const sessions = [1_099, 1_100].map((askedAt) => session(call(askedAt, output('timed', 0, [0], { loadedAt: 100 }))))
    expect(judged(sessions, [], { timed: 1_000 })).toEqual(wrong({ expired: 1 }))
    expect(judged(sessions, [])).toEqual(NOTHING_WRONG)
    const kept = output('timed', 0, [0], { loadedAt: 100 })
    expect(judged([session(call(1_050, kept), call(1_150, kept))], [], { timed: 1_000 })).toEqual(NOTHING_WRONG)
  })

  it('sees what was shown before it was sent', () => {
    expect(judged([session(call(15, output('item', 0, [2])))])).toEqual(wrong({ early: 1 }))
  })

  it('sees what failed', () => {
    const failed = { of: 'item', id: 0, askedAt: 5, endedAt: 6, error: 'Error: no' }
    expect(judged([session(failed)])).toEqual(wrong({ failed: 1 }))
  })

  it('judges some sessions by all that is known', () => {
    const [seen, late] = [session(call(15, output('item', 0, [1]))), session(call(22, output('item', 0, [1])))]
    const history = { sessions: [seen, late], writes: WRITES }
    expect(judge(history, [seen])).toEqual(NOTHING_WRONG)
    expect(judge(history, [late])).toEqual(wrong({ stale: 1 }))
  })
})
