import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { quiet } from './support/history-enumerate.ts'
import { backdrop, plans, ScheduledEdges, session, step, Tally } from './support/history-random.ts'
import { HistoryWorld, type Plan, type Step } from './support/history-world.ts'

// SEED=… replays the same plans and schedules. A failure prints a path, and for commands a replay path: with
// FC_PATH=… (and FC_REPLAY=…) and the test's name after -t, only the failing one is run.
const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31)
const path = process.env.FC_PATH
const replayPath = process.env.FC_REPLAY
const runs = (count: number): number => count * (process.env.LONG === '1' ? 50 : 1)
const parameters = (count: number) => (path === undefined ? { numRuns: runs(count), seed } : { numRuns: 1, seed, path })
const TIMEOUT = process.env.LONG === '1' ? 1_800_000 : 60_000

const tally = new Tally()

async function schedule(scheduler: fc.Scheduler, plan: Plan): Promise<void> {
  const edges = new ScheduledEdges(scheduler)
  const world = new HistoryWorld(plan, edges)
  edges.afterStep = () => world.afterStep()
  await world.run(() => scheduler.waitIdle())
  tally.judge(world)
}

describe('histories of random schedules', () => {
  it(
    'keep the promises: sessions, keys, writes, drops, failures, expiry and eviction in any order',
    async () => {
      await fc.assert(fc.asyncProperty(fc.scheduler(), plans(false), schedule), parameters(2500))
    },
    TIMEOUT,
  )

  it(
    'keep the promises when checks hang or are cut off at any moment',
    async () => {
      await fc.assert(fc.asyncProperty(fc.scheduler(), plans(true), schedule), parameters(800))
    },
    TIMEOUT,
  )

  it.each(['staleWhileRevalidate', 'staleIfError'])(
    'are stale within the bound of %s, and else keep the promises',
    async (option) => {
      const served = tally.count('stale')
      const stale = (scheduler: fc.Scheduler, plan: Plan) => schedule(scheduler, { ...plan, [option]: 7 })
      await fc.assert(fc.asyncProperty(fc.scheduler(), plans(false), stale), parameters(800))
      if (path === undefined) expect(tally.count('stale')).toBeGreaterThan(served)
    },
    TIMEOUT,
  )
})

/** What the commands know of the world without looking. */
interface Model {
  readonly seen: Set<number>
  writes: number
}

/** One step of somebody's, who does not wait for what it leads to. */
class StepCommand implements fc.AsyncCommand<Model, HistoryWorld> {
  readonly #step: Step
  readonly #session: number | undefined

  constructor(step: Step, session: number | undefined) {
    this.#step = step
    this.#session = session
  }

  check({ seen }: Readonly<Model>): boolean {
    return this.#step.do !== 'renew' || (this.#session !== undefined && seen.has(this.#session))
  }

  async run(model: Model, world: HistoryWorld): Promise<void> {
    world.history.note({ type: 'edge', of: this.toString() })
    void world.do(this.#step, this.#session)
    if (this.#session !== undefined) model.seen.add(this.#session)
    if (this.#step.do === 'write') model.writes++
    await quiet()
    world.afterStep()
    expect(world.history.writes).toHaveLength(model.writes)
  }

  toString(): string {
    return `${Object.values(this.#step).join(' ')} by ${this.#session ?? 'nobody'}`
  }
}

describe('histories of model runs', () => {
  it(
    'keep the promises when nobody waits for anything',
    async () => {
      const command = fc.tuple(step, session).map(([step, session]) => new StepCommand(step, session))
      const property = fc.asyncProperty(
        fc.scheduler(),
        backdrop(false),
        fc.commands([command], { maxCommands: 40, ...(replayPath !== undefined && { replayPath }) }),
        async (scheduler, plan, commands) => {
          const edges = new ScheduledEdges(scheduler)
          const world = new HistoryWorld({ ...plan, actors: [] }, edges)
          edges.afterStep = () => world.afterStep()
          await world.run(async () => {
            const setup = () => ({ model: { seen: new Set<number>(), writes: 0 }, real: world })
            await fc.scheduledModelRun(scheduler, setup, commands)
            await scheduler.waitIdle()
          })
          tally.judge(world)
        },
      )
      await fc.assert(property, parameters(800))
    },
    TIMEOUT,
  )
})

afterAll(() => {
  console.log(`histories, SEED=${seed}: ${tally}`)
  if (path !== undefined) return
  for (const name of ['shared', 'hits', 'pinned', 'outdated', 'expired', 'overtaken', 'evictions', 'loadErrors']) {
    expect(tally.count(name), `${name}: nothing of the kind has happened`).toBeGreaterThan(0)
  }
})
