import { afterAll, describe, expect, it } from 'vitest'
import { broken } from './support/history-checker.ts'
import { type Enumerated, everySchedule } from './support/history-enumerate.ts'
import { tell } from './support/history-record.ts'
import { type Scenario, scenarios } from './support/history-scenarios.ts'
import type { HistoryWorld, Plan } from './support/history-world.ts'

const LONG = process.env.LONG === '1'

/** A scope with more orders than this is too large: it fails, since some of them would go unseen. */
const CAP = LONG ? 5_000_000 : 50_000
const TIMEOUT = LONG ? 3_600_000 : 60_000

const results: { name: string; counts: Enumerated }[] = []

function judge(world: HistoryWorld): void {
  const faults = broken(world.history)
  if (faults.length > 0) throw new Error(`${faults.join('\n')}\n${tell(world.history)}`)
}

describe('every order of the edges keeps the promises', () => {
  const chosen = scenarios.filter(({ long = false }) => LONG || !long)

  it.each(chosen)(
    '$name ($loader loader, $version version)',
    async (scenario: Scenario) => {
      const counts = await everySchedule(scenario, judge, CAP)
      results.push({ name: scenario.name, counts })
    },
    TIMEOUT,
  )
})

describe('the enumeration', () => {
  const SYNC = { loader: 'sync', version: 'sync' } as const
  const reads = (...keys: string[]) => ({ steps: keys.map((key) => ({ do: 'read', key }) as const) })
  const count = async (plan: Plan, cap = 1000) => (await everySchedule(plan, judge, cap)).schedules

  it('runs every order once: as many as there are shuffles of what each actor does', async () => {
    const orders = new Set<string>()
    const plan = { ...SYNC, actors: [reads('x', 'y'), reads('y', 'x'), reads('z')] }
    const visit = ({ history }: HistoryWorld): unknown =>
      orders.add(JSON.stringify(history.events.filter(({ type }) => type === 'edge')))
    expect(await everySchedule(plan, visit, 1000)).toEqual({ schedules: 30, edges: 150 }) // 5! / (2! 2! 1!)
    expect(orders.size).toBe(30)
  })

  it('counts orders once that differ only in the names of actors that do the same', async () => {
    expect(await count({ ...SYNC, actors: [reads('x', 'y'), reads('x', 'y'), reads('x', 'y')] })).toBe(15) // 90 / 3!
  })

  it('fails when there are more orders than it may run', async () => {
    const plan = { ...SYNC, actors: [reads('x', 'y'), reads('y', 'x')] }
    expect(await count(plan, 6)).toBe(6)
    await expect(count(plan, 5)).rejects.toThrow('more than 5 orders')
  })
})

afterAll(() => {
  const sum = (of: keyof Enumerated) => results.reduce((total, { counts }) => total + counts[of], 0)
  const lines = results.map(({ name, counts }) => `${String(counts.schedules).padStart(9)} ${name}`)
  console.log(`orders, all of them:\n${lines.join('\n')}\n${sum('schedules')} orders with ${sum('edges')} edges`)
})
