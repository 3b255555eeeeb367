import { fc, test as property } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { PinBoard } from '../src/core/pins.ts'
import { runInSession, versionedLruCache } from '../src/index.ts'

const owners = [{}, {}, {}]
const owner = fc.constantFrom(0, 1, 2)
const key = fc.constantFrom('a', 'b', 1, '1', Number.NaN, undefined, null)
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('hold' as const), owner, key }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('drop' as const), owner, key }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('drop all' as const), owner, key }) },
)

describe('the pins of a session', () => {
  property.prop([fc.array(step, { maxLength: 60 })], { numRuns: 1000 })('are found again, few or many', (steps) => {
    const board = new PinBoard<object, number>()
    const plain = new Map<string, number>()
    const nameOf = (who: number, key: unknown): string => `${who} ${typeof key} ${String(key)}`
    for (const [turn, { do: action, owner: who, key }] of steps.entries()) {
      const mine = owners[who] as object
      const name = nameOf(who, key)
      if (action === 'hold' && !plain.has(name)) {
        board.hold(mine, key, () => turn)
        plain.set(name, turn)
      } else if (action === 'drop') {
        board.drop(mine, key)
        plain.delete(name)
      } else if (action === 'drop all') {
        board.dropAll(mine)
        for (const other of [...plain.keys()]) if (other.startsWith(`${who} `)) plain.delete(other)
      }
      expect(board.get(mine, key)?.outcome).toBe(plain.get(name))
      expect([...board.values()].sort()).toEqual([...plain.values()].sort())
    }
  })

  it('are dropped one by one, also when there are many', () => {
    const board = new PinBoard<object, number>()
    const [one, two, three] = owners as [object, object, object]
    for (let n = 0; n < 12; n++) board.hold(n < 6 ? one : two, n, () => n)
    board.drop(three, 1)
    board.drop(one, 99)
    for (let n = 0; n < 12; n++) {
      board.drop(n < 6 ? one : two, n)
      expect([...board.values()].sort((a, b) => a - b)).toEqual(
        Array.from({ length: 11 - n }, (_, left) => n + 1 + left),
      )
    }
    board.hold(one, 1, () => 1)
    expect(board.get(one, 1)?.outcome).toBe(1)
  })

  it('hold for a session of many functions and arguments as for one', async () => {
    const functions = Array.from({ length: 5 }, () =>
      versionedLruCache(async (n: number) => ({ n }), { version: async () => 1 }),
    )
    await runInSession(async () => {
      const all = () => Promise.all(functions.flatMap((fn) => Array.from({ length: 5 }, (_, n) => fn(n))))
      const first = await all()
      const again = await all()
      expect(again.every((output, index) => output === first[index])).toBe(true)
    })
    for (const fn of functions) expect(fn.stats()).toMatchObject({ checks: 5, loads: 5, pinned: 5 })
  })
})
