import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { GraphPlan } from '../support/graph-plan.ts'
import { TieredWorlds, type TierPlan, tieredPlans } from '../support/graph-tier.ts'
import { quiet } from '../support/history-enumerate.ts'
import { ScheduledEdges } from '../support/history-random.ts'

// SEED=… replays the same graphs and schedules, RUNS=… takes so many. A failure prints a path: with FC_PATH=… only the failing one is run.
const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31)
const path = process.env.FC_PATH
const LONG = process.env.LONG === '1'
/** A wrong build has to be found out each time. If it is not, that has to be seen before it is taken for one that hangs. */
const IS_MUTANT = process.env.NO_SHRINKING !== undefined
const DEADLINE = IS_MUTANT && !LONG ? performance.now() + 40_000 : Infinity
const RUNS = Number(process.env.RUNS ?? (LONG ? 50_000 : IS_MUTANT ? 2000 : 80))

const HAPPENING = ['loads', 'hits', 'outdated', 'expired', 'overtaken', 'evictions', 'loadErrors'] as const
const IN_TIER = ['hits', 'misses', 'refused', 'errors', 'skipped', 'waits', 'writes', 'unshared'] as const
const counts = new Map<string, number>()

let worlds: TieredWorlds

beforeAll(async () => {
  worlds = await TieredWorlds.load()
})

async function agrees(scheduler: fc.Scheduler, plan: [GraphPlan, TierPlan]): Promise<void> {
  if (performance.now() > DEADLINE) return
  const edges = new ScheduledEdges(scheduler)
  const pass = (label: string): Promise<void> => new Promise((resolve) => void edges.later(label, resolve))
  const world = await worlds.run(plan, pass, () => quiet().then(() => scheduler.waitIdle()))
  for (const name of HAPPENING) count(name, world.count(name))
  for (const cached of world.functions) {
    for (const name of IN_TIER) count(`tier ${name}`, cached.stats().tier?.[name] ?? 0)
  }
  if (world.faults.length > 0) throw new Error(world.faults.join('\n'))
}

function count(name: string, many: number): void {
  counts.set(name, (counts.get(name) ?? 0) + many)
}

describe('cached functions with a tier that call cached functions', () => {
  it(
    'give a new session what they give without a cache, in each process, and no session anything older than itself',
    async () => {
      const parameters = path === undefined ? { numRuns: RUNS, seed } : { numRuns: 1, seed, path }
      await fc.assert(fc.asyncProperty(fc.scheduler(), tieredPlans, agrees), parameters)
    },
    LONG ? 7_200_000 : 60_000,
  )
})

afterAll(() => {
  console.log(`graphs with a tier, SEED=${seed}: ${[...counts].map(([name, many]) => `${name} ${many}`).join(', ')}`)
  if (path !== undefined) return
  for (const [name, many] of counts) expect(many, `${name}: nothing of the kind has happened`).toBeGreaterThan(0)
})
