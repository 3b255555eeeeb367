import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { type GraphPlan, graphPlans } from './support/graph-plan.ts'
import { GraphWorld } from './support/graph-world.ts'
import { quiet } from './support/history-enumerate.ts'
import { ScheduledEdges } from './support/history-random.ts'

// SEED=… replays the same graphs and schedules, RUNS=… takes so many. A failure prints a path: with FC_PATH=… only the failing one is run.
const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31)
const path = process.env.FC_PATH
const LONG = process.env.LONG === '1'
/** A wrong build has to be found out each time. */
const IS_MUTANT = process.env.NO_SHRINKING !== undefined
const RUNS = Number(process.env.RUNS ?? (LONG ? 100_000 : IS_MUTANT ? 2000 : 150))

const HAPPENING = [
  'loads',
  'shared',
  'hits',
  'pinned',
  'outdated',
  'expired',
  'overtaken',
  'unkept',
  'evictions',
  'loadErrors',
  'checkErrors',
] as const
const counts = new Map<string, number>()

async function agrees(scheduler: fc.Scheduler, plan: GraphPlan): Promise<void> {
  const edges = new ScheduledEdges(scheduler)
  const world = new GraphWorld(plan, (label) => new Promise((resolve) => void edges.later(label, resolve)))
  await world.run(() => quiet().then(() => scheduler.waitIdle()))
  for (const name of HAPPENING) counts.set(name, (counts.get(name) ?? 0) + world.count(name))
  if (world.faults.length > 0) throw new Error(world.faults.join('\n'))
}

describe('cached functions that call cached functions', () => {
  it(
    'give a new session what they give without a cache, whatever was written, and no session anything older than itself',
    async () => {
      const parameters = path === undefined ? { numRuns: RUNS, seed } : { numRuns: 1, seed, path }
      await fc.assert(fc.asyncProperty(fc.scheduler(), graphPlans, agrees), parameters)
    },
    LONG ? 7_200_000 : 60_000,
  )
})

afterAll(() => {
  console.log(`graphs, SEED=${seed}: ${[...counts].map(([name, count]) => `${name} ${count}`).join(', ')}`)
  if (path !== undefined) return
  for (const name of HAPPENING) expect(counts.get(name), `${name}: nothing of the kind has happened`).toBeGreaterThan(0)
})
