import { GraphData, type SeenDatum } from './graph-data.ts'
import type { ArgumentPlan, FunctionPlan, Read } from './graph-plan.ts'

/** What a function of a graph gives: a number that is made of all that it read, and what that was. */
export interface GraphOutput {
  readonly value: number
  readonly seen: readonly SeenDatum[]
}

/** A failure that the data decides. It tells what was read, as an output does. */
export class DataError extends Error {
  readonly seen: readonly SeenDatum[]

  constructor(message: string, seen: readonly SeenDatum[]) {
    super(message)
    this.seen = seen
  }
}

/** What a loader meets: the cache, or nothing but the data. */
export interface Surroundings {
  readonly data: GraphData
  /** Waits until somebody lets it go on. */
  pass(label: string): unknown
  /** Asks for a version by hand. */
  ask(read: Read & { do: 'current' | 'dependsOn' }, key: string): unknown
  call(fn: number, arg: string): GraphOutput | Promise<GraphOutput>
}

/** Steps of a loader: gives out what it waits for, and gets what came of it. */
type Steps<R> = Generator<unknown, R, unknown>

/** All of them at once. */
class Together {
  readonly parts: readonly Steps<void>[]

  constructor(parts: readonly Steps<void>[]) {
    this.parts = parts
  }
}

/** Numbers stay below this, and those of outputs that are compared below the other. */
const MANY = 1009
const FEW = 2

/** What a loader has made of what it has read so far. */
class Sum {
  value: number
  readonly seen: SeenDatum[] = []

  constructor(value: number) {
    this.value = value
  }

  add(value: number, seen: readonly SeenDatum[]): void {
    this.value = (this.value * 31 + value + 1) % MANY
    this.seen.push(...seen)
  }
}

/** One run of a loader. */
class LoaderRun {
  readonly #plan: FunctionPlan
  readonly #functions: readonly FunctionPlan[]
  readonly #arg: string
  readonly #around: Surroundings

  constructor(plan: FunctionPlan, functions: readonly FunctionPlan[], arg: string, around: Surroundings) {
    this.#plan = plan
    this.#functions = functions
    this.#arg = arg
    this.#around = around
  }

  *steps(): Steps<GraphOutput> {
    const sum = new Sum(0)
    for (const read of this.#plan.reads) yield* this.#read(read, sum)
    yield this.#around.pass('a load ends')
    const { equals } = this.#plan
    return Object.freeze({ value: equals ? sum.value % FEW : sum.value, seen: Object.freeze(sum.seen) })
  }

  *#read(read: Read, sum: Sum): Steps<void> {
    switch (read.do) {
      case 'data':
        for (const source of this.#plan.version) yield* this.#datum(GraphData.cell(source, this.#arg), sum)
        return
      case 'current':
      case 'dependsOn':
        return yield* this.#askFirst(read, sum)
      case 'call':
        return yield* this.#call(read, sum)
      case 'all':
        return yield* this.#all(read, sum)
      case 'either':
        for (const next of sum.value % 2 === 0 ? read.even : read.odd) yield* this.#read(next, sum)
        return
      case 'fail':
        if (sum.value % 3 === read.when) throw new DataError(`no output for ${this.#arg}, ${sum.value}`, [...sum.seen])
    }
  }

  *#datum(cell: string, sum: Sum, version?: number): Steps<void> {
    yield this.#around.pass(`a load reads ${cell}`)
    const seen = this.#around.data.read(cell, version)
    sum.add(seen.data, [seen])
  }

  *#askFirst(read: Read & { do: 'current' | 'dependsOn' }, sum: Sum): Steps<void> {
    const key = this.#pick(read.key, sum)
    const version = yield this.#around.ask(read, key)
    yield* this.#datum(GraphData.cell(read.source, key), sum, version as number | undefined)
  }

  /** What is compared hides what it was made of: who reads it need not read it again. */
  *#call({ fn, arg, catches }: Read & { do: 'call' }, sum: Sum): Steps<void> {
    const argument = this.#pick(arg, sum)
    yield* this.#caught(catches, sum, function* (this: LoaderRun) {
      const { value, seen } = (yield this.#around.call(fn, argument)) as GraphOutput
      sum.add(value, this.#functions[fn]?.equals ? [] : seen)
    })
  }

  *#all({ reads, catches }: Read & { do: 'all' }, sum: Sum): Steps<void> {
    const sums = reads.map(() => new Sum(sum.value))
    yield* this.#caught(catches, sum, function* (this: LoaderRun) {
      yield new Together(reads.map((read, index) => this.#read(read, sums[index] as Sum)))
      for (const { value, seen } of sums) sum.add(value, seen)
    })
  }

  /** A failure is told by where it came through: of several at once, the schedule decides which is the first. */
  *#caught(catches: boolean, sum: Sum, steps: (this: LoaderRun) => Steps<void>): Steps<void> {
    try {
      yield* steps.call(this)
    } catch (error) {
      if (!(error instanceof DataError)) {
        if (!catches) throw error
        sum.add(600, [])
      } else {
        if (!catches) throw new DataError(`no output for ${this.#arg}`, [...sum.seen, ...error.seen])
        sum.add(500, error.seen)
      }
    }
  }

  #pick(arg: ArgumentPlan, sum: Sum): string {
    if (arg === 'same') return this.#arg
    return arg === 'picked' ? (['x', 'y'][sum.value % 2] as string) : arg
  }
}

export function stepsOf(
  fn: number,
  functions: readonly FunctionPlan[],
  arg: string,
  around: Surroundings,
): Steps<GraphOutput> {
  return new LoaderRun(functions[fn] as FunctionPlan, functions, arg, around).steps()
}

type Outcome = { readonly value: unknown } | { readonly error: unknown }

function advance<R>(steps: Steps<R>, outcome: Outcome): IteratorResult<unknown, R> {
  return 'error' in outcome ? steps.throw(outcome.error) : steps.next(outcome.value)
}

/** Takes the steps one after the other, without waiting for anything. */
export function runSync<R>(steps: Steps<R>): R {
  let next = steps.next()
  while (!next.done) next = advance(steps, outcomeNow(next.value))
  return next.value
}

function outcomeNow(given: unknown): Outcome {
  try {
    return { value: given instanceof Together ? given.parts.map(runSync) : given }
  } catch (error) {
    return { error }
  }
}

export async function runAsync<R>(steps: Steps<R>): Promise<R> {
  let next = steps.next()
  while (!next.done) next = advance(steps, await outcomeLater(next.value))
  return next.value
}

async function outcomeLater(given: unknown): Promise<Outcome> {
  try {
    return { value: await (given instanceof Together ? Promise.all(given.parts.map(runAsync)) : given) }
  } catch (error) {
    return { error }
  }
}
