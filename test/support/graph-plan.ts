import fc from 'fast-check'
import type { Shape } from './world.ts'

/** Data of a shared source, of a function's own version, or of none: then the TTL alone decides. */
export type SourceName = 'plain' | 'slow' | 'batch' | 'own' | 'timed'

/** The argument of a call: that of the caller, a certain one, or one that the data picks. */
export type ArgumentPlan = 'same' | 'x' | 'y' | 'picked'

/** What a loader does, step by step. */
export type Read =
  | { readonly do: 'data' } // of what its version stands for
  | { readonly do: 'current' | 'dependsOn'; readonly source: 'plain' | 'slow' | 'batch'; readonly key: ArgumentPlan }
  | { readonly do: 'call'; readonly fn: number; readonly arg: ArgumentPlan; readonly catches: boolean }
  | { readonly do: 'all'; readonly reads: readonly Read[]; readonly catches: boolean }
  | { readonly do: 'either'; readonly even: readonly Read[]; readonly odd: readonly Read[] } // by what was read before
  | { readonly do: 'fail'; readonly when: number } // when what was read before is this, by modulus

export interface FunctionPlan {
  /** What its version is of. */
  readonly version: readonly SourceName[]
  readonly loader: Shape | 'promising' // gives a promise, and is not known to before
  readonly check: Shape
  /** Whether outputs are compared. They are few then, so that equal ones come often. */
  readonly equals: boolean
  readonly max: number
  readonly maxStamps: number
  /** Whether it has the tier, where there is one. */
  readonly isShared: boolean
  readonly reads: readonly Read[]
}

export type GraphStep =
  | { readonly do: 'read'; readonly fn: number; readonly arg: string }
  | { readonly do: 'read all'; readonly calls: readonly { readonly fn: number; readonly arg: string }[] }
  | { readonly do: 'refresh' | 'invalidate'; readonly fn: number; readonly arg: string }
  | { readonly do: 'clear'; readonly fn: number }
  | { readonly do: 'renew' }
  | { readonly do: 'wait'; readonly ms: number }
  | {
      readonly do: 'write'
      readonly source: SourceName
      readonly key: string
      /** Data and version at once; the data first; or only the data, and those who read it are told to forget. */
      readonly how: 'together' | 'data first' | 'silently'
    }

export interface GraphActor {
  /** Without one, each call is a session of its own. */
  readonly session: number | undefined
  /** In which process, where there are several. */
  readonly process: number
  readonly steps: readonly GraphStep[]
}

/** Actors act together, and when all have come to rest, the next ones begin in new sessions. */
export interface GraphPlan {
  readonly functions: readonly FunctionPlan[]
  readonly rounds: readonly (readonly GraphActor[])[]
  /** Which of the checks fail, counted from 0. */
  readonly failingChecks: readonly number[]
}

export const ARGUMENTS = ['x', 'y'] as const

/** The most functions that a graph has; a function calls only those before it. */
const MOST = 5

const SHARED = ['plain', 'slow', 'batch'] as const
const argument = fc.constantFrom(...ARGUMENTS)
const picked = fc.constantFrom<ArgumentPlan>('same', 'same', 'x', 'y', 'picked')
const fn = fc.nat(MOST - 1)

const simple: fc.Arbitrary<Read> = fc.oneof(
  { weight: 3, arbitrary: fc.constant({ do: 'data' as const }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constantFrom('current' as const, 'dependsOn' as const),
      source: fc.constantFrom(...SHARED),
      key: picked,
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('call' as const), fn, arg: picked, catches: fc.boolean() }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('fail' as const), when: fc.nat(2) }) },
)

const few = (read: fc.Arbitrary<Read>, minLength: number) => fc.array(read, { minLength, maxLength: 3 })

const read: fc.Arbitrary<Read> = fc.oneof(
  { weight: 6, arbitrary: simple },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('all' as const), reads: few(simple, 2), catches: fc.boolean() }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('either' as const), even: few(simple, 0), odd: few(simple, 0) }),
  },
)

/** How often functions are of some kind. */
interface Mixture {
  /** For three that have a version of their own, how many there are of which the TTL alone decides. */
  readonly timed: number
  /** In how many there is one whose outputs are compared. */
  readonly comparing: number
  /** The most functions, and the most actors at a time. */
  readonly functions: number
  readonly actors: number
}

function versions({ timed }: Mixture): fc.Arbitrary<readonly SourceName[]> {
  return fc.oneof(
    { weight: 3, arbitrary: fc.constant([]) },
    { weight: 3, arbitrary: fc.constant(['own' as const]) },
    { weight: 4, arbitrary: fc.subarray([...SHARED], { minLength: 1 }) },
    { weight: timed, arbitrary: fc.constant(['timed' as const]) },
  )
}

function functionPlans(mixture: Mixture): fc.Arbitrary<FunctionPlan> {
  return fc.record({
    version: versions(mixture),
    loader: fc.constantFrom('sync', 'async', 'async', 'promising'),
    check: fc.constantFrom('sync', 'async'),
    equals: fc.integer({ min: 1, max: mixture.comparing }).map((one) => one === 1),
    max: fc.constantFrom(1, 10, 10),
    maxStamps: fc.constantFrom(2, ...Array(15).fill(1000)),
    isShared: fc.integer({ min: 0, max: 4 }).map((one) => one > 0),
    reads: fc.array(read, { minLength: 1, maxLength: 4 }),
  })
}

const step: fc.Arbitrary<GraphStep> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constant('read' as const), fn, arg: argument }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('read all' as const),
      calls: fc.array(fc.record({ fn, arg: argument }), { minLength: 2, maxLength: 3 }),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('write' as const),
      source: fc.constantFrom(...SHARED, 'own' as const, 'timed' as const),
      key: argument,
      how: fc.constantFrom('together' as const, 'data first' as const, 'silently' as const),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constantFrom('refresh' as const, 'invalidate' as const), fn, arg: argument }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('clear' as const), fn }) },
  { weight: 1, arbitrary: fc.constant({ do: 'renew' as const }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(4, 12) }) },
)

const actor: fc.Arbitrary<GraphActor> = fc.record({
  session: fc.option(fc.nat(2), { nil: undefined, freq: 4 }),
  process: fc.nat(1),
  steps: fc.array(step, { minLength: 1, maxLength: 5 }),
})

export function graphPlansOf(mixture: Mixture): fc.Arbitrary<GraphPlan> {
  return fc.record({
    functions: fc.array(functionPlans(mixture), { minLength: 2, maxLength: mixture.functions }),
    rounds: fc.array(fc.array(actor, { minLength: 1, maxLength: mixture.actors }), { minLength: 1, maxLength: 3 }),
    failingChecks: fc.uniqueArray(fc.nat(19), { maxLength: 3 }),
  })
}

export const graphPlans: fc.Arbitrary<GraphPlan> = graphPlansOf({ timed: 1, comparing: 4, functions: MOST, actors: 5 })
