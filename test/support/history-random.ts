import fc from 'fast-check'
import type { CacheStats } from '../../src/index.ts'
import type { Edges } from './history-backend.ts'
import { broken } from './history-checker.ts'
import { edgesOf } from './history-checker-runs.ts'
import { quiet } from './history-enumerate.ts'
import { tell } from './history-record.ts'
import type { Actor, HistoryWorld, Plan, Step } from './history-world.ts'
import { MODES } from './world.ts'

/** Edges whose order fast-check decides. */
export class ScheduledEdges implements Edges {
  readonly #scheduler: fc.Scheduler
  /** Called when everything has run that an edge set off. */
  afterStep: () => void = () => {}

  constructor(scheduler: fc.Scheduler) {
    this.#scheduler = scheduler
  }

  later(label: string, run: () => void): () => void {
    let off = false
    const act = async (release: () => Promise<void>): Promise<void> => {
      await release()
      if (off) return
      run()
      await quiet()
      this.afterStep()
    }
    void this.#scheduler.schedule(Promise.resolve(), label, undefined, act)
    return () => {
      off = true
    }
  }
}

const KEYS = ['x', 'y', 'z']
const key = fc.constantFrom(...KEYS)

/** What an actor may do: mostly to read. */
export const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('read' as const), key }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('refresh' as const), key }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('invalidate' as const), key }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('clear' as const, 'renew' as const) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('write' as const),
      key,
      ack: fc.constantFrom('at once' as const, 'later' as const, 'with the version' as const),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(1, 5, 10) }) },
)

export const session: fc.Arbitrary<number | undefined> = fc.option(fc.nat(3), { nil: undefined, freq: 4 })

const actor: fc.Arbitrary<Actor> = fc.record({ session, steps: fc.array(step, { minLength: 1, maxLength: 5 }) })

/** Which of the runs fail: few or none. */
const failing = fc.uniqueArray(fc.nat(9), { maxLength: 3 })

/** Everything about a world but what its actors do. */
export function backdrop(timers: boolean): fc.Arbitrary<Omit<Plan, 'actors'>> {
  return fc
    .record({
      mode: fc.constantFrom(...MODES),
      max: fc.integer({ min: 1, max: 3 }),
      ttl: fc.constantFrom(5, 10, Infinity),
      failingChecks: failing,
      failingLoads: failing,
      hungChecks: timers ? failing : fc.constant([]),
    })
    .map(({ mode, ...rest }) => ({ ...mode, ...rest, timers }))
}

export function plans(timers: boolean): fc.Arbitrary<Plan> {
  const actors = fc.array(actor, { minLength: 2, maxLength: 6 })
  return fc.tuple(backdrop(timers), actors).map(([rest, actors]) => ({ ...rest, actors }))
}

/** What the schedules have come by, so that nobody takes idle runs for a proof. */
export class Tally {
  schedules = 0
  edges = 0
  readonly #stats = new Map<string, number>()

  /** Judges a world that is at rest, and counts what it has done. */
  judge({ history, cached }: HistoryWorld): void {
    this.schedules++
    this.edges += edgesOf(history)
    const stats: CacheStats = cached.stats()
    for (const [name, count] of Object.entries(stats)) this.#stats.set(name, this.count(name) + count)
    const faults = broken(history)
    if (faults.length > 0) throw new Error(`${faults.join('\n')}\n${tell(history)}`)
  }

  count(name: string): number {
    return this.#stats.get(name) ?? 0
  }

  toString(): string {
    const done = [
      'checks',
      'loads',
      'shared',
      'hits',
      'pinned',
      'outdated',
      'expired',
      'overtaken',
      'evictions',
      'stale',
    ]
    const counts = done.map((name) => `${name} ${this.count(name)}`).join(', ')
    return `${this.schedules} schedules, ${this.edges} edges permuted (${counts})`
  }
}
