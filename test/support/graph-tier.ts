import fc from 'fast-check'
import { vi } from 'vitest'
import type { GraphProcess } from './graph-build.ts'
import { GraphData } from './graph-data.ts'
import { type GraphPlan, graphPlansOf } from './graph-plan.ts'
import { GraphStore, type PlannedFault, type StoreFault } from './graph-store.ts'
import { unitOfCaller } from './graph-unit.ts'
import { GraphWorld } from './graph-world.ts'
import { quiet } from './history-enumerate.ts'
import { freshLibrary } from './library-copy.ts'

/** How processes share what they have loaded, and what becomes of that. */
export interface TierPlan {
  readonly processes: number
  readonly maxClockSkew: number
  /** By how much the clock of the second process differs, as a share of what is allowed. */
  readonly drift: number
  /** How many milliseconds a step takes. */
  readonly tick: number
  readonly tierTimeout: number
  readonly leaseWait: number
  readonly faults: readonly PlannedFault[]
}

const FAULTS: readonly StoreFault[] = [
  'fails',
  'fails when it is done',
  'everything is lost',
  'what was there before is there again',
  'entries change places',
  'entries are damaged',
]

const fault: fc.Arbitrary<PlannedFault> = fc.record({
  operation: fc.nat(60),
  what: fc.constantFrom(...FAULTS),
  pick: fc.nat(1000),
})

const tierPlan: fc.Arbitrary<TierPlan> = fc.record({
  processes: fc.constantFrom(2, 2, 1),
  maxClockSkew: fc.constantFrom(0, 0, 1, 3),
  drift: fc.constantFrom(0, 1, -1, 0.5, -0.5),
  tick: fc.constantFrom(0.0625, 0.125, 0.5),
  tierTimeout: fc.constantFrom(...Array(5).fill(Infinity), 4),
  leaseWait: fc.constantFrom(0, 0, 0, 8),
  faults: fc.oneof(fc.constant([]), fc.array(fault, { maxLength: 4 }), fc.array(fault, { minLength: 2, maxLength: 6 })),
})

/** Plans of graphs whose functions have a tier: that has no use for what is compared in one process. */
export const tieredPlans: fc.Arbitrary<[GraphPlan, TierPlan]> = fc.tuple(
  graphPlansOf({ timed: 3, comparing: 10, functions: 4, actors: 8 }),
  tierPlan,
)

/** How long a lease lasts, in milliseconds. */
const LEASE = 30
/** What the wall clock says when the others begin. */
const START = 1_764_201_600_000
/** For so many milliseconds everything that waits for a timer may wait. */
const MAX_WAIT = 100

type Libraries = readonly Awaited<ReturnType<typeof freshLibrary>>[]

/** Each world is one of several processes, one after the other in the same copies of the library. */
export class TieredWorlds {
  readonly #libraries: Libraries
  #made = 0

  private constructor(libraries: Libraries) {
    this.#libraries = libraries
  }

  static async load(): Promise<TieredWorlds> {
    return new TieredWorlds([await freshLibrary(), await freshLibrary()])
  }

  /** Runs a plan to its end, in which nothing takes time but what the plan says. */
  async run(
    [plan, tierPlan]: [GraphPlan, TierPlan],
    pass: (label: string) => Promise<void>,
    idle: () => Promise<void>,
  ) {
    const data = new GraphData()
    const world: { current: GraphWorld | undefined } = { current: undefined }
    const store = new GraphStore(tierPlan.faults, async (label) => world.current?.pass(label))
    const processes = this.#processes(tierPlan, store)
    const begun = new GraphWorld(plan, pass, {
      processes,
      data,
      tick: tierPlan.tick,
      calm: (isCalm) => store.calm(isCalm),
    })
    world.current = begun
    const ends = virtualTime(data, [0, tierPlan.drift * tierPlan.maxClockSkew])
    try {
      await begun.run(() => untilNothingWaits(data, idle))
    } finally {
      ends()
    }
    return begun
  }

  #processes({ processes, maxClockSkew, leaseWait, tierTimeout }: TierPlan, store: GraphStore): GraphProcess[] {
    const prefix = `${this.#made++}-`
    return this.#libraries.slice(0, processes).map(({ library, tierOver }, number) => {
      const tier = tierOver(store, { maxClockSkew, leaseWait, lease: LEASE })
      return { number, library, prefix, shared: { tier, tierTimeout } }
    })
  }
}

/** All clocks and timers go by the data's. */
function virtualTime(data: GraphData, offsets: readonly number[]): () => void {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] })
  data.onElapse = (milliseconds) => void vi.advanceTimersByTime(milliseconds)
  const offset = (): number => offsets[unitOfCaller.getStore()?.process ?? 0] as number
  const mocks = [
    vi.spyOn(Date, 'now').mockImplementation(() => Math.floor(START + data.now + offset())),
    vi.spyOn(performance, 'now').mockImplementation(() => data.now),
    vi.spyOn(Math, 'random').mockReturnValue(0.5),
  ]
  return () => {
    for (const mock of mocks) mock.mockRestore()
    vi.useRealTimers()
  }
}

async function untilNothingWaits(data: GraphData, idle: () => Promise<void>): Promise<void> {
  await idle()
  for (let waited = 0; vi.getTimerCount() > 0; waited++) {
    if (waited === MAX_WAIT) throw new Error(`${vi.getTimerCount()} timers run for ever`)
    data.elapse(1)
    await quiet()
    await idle()
  }
}
