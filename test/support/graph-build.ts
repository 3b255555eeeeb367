import type { Tier } from '../../src/core/tier.ts'
import type { CacheControls, VersionSource } from '../../src/index.ts'
import * as ours from '../../src/index.ts'
import { GraphData } from './graph-data.ts'
import { type GraphOutput, runAsync, runSync, type Surroundings, stepsOf } from './graph-loader.ts'
import type { FunctionPlan, Read, SourceName } from './graph-plan.ts'
import { TTL, unitOfCaller } from './graph-unit.ts'
import type { Shape } from './world.ts'

/** A check that the plan has let fail. */
class CheckError extends Error {}

type Given = GraphOutput | Promise<GraphOutput>
export type GraphFunction = ((arg: string) => Given) & CacheControls<(arg: string) => Given>
type Sources = { readonly [Name in 'plain' | 'slow' | 'batch']: VersionSource<string, number | Promise<number>> }

/** A process, as far as cached functions can tell: it has the library to itself. */
export interface GraphProcess {
  readonly number: number
  readonly library: Pick<typeof ours, 'versionedLruCache' | 'versionSource' | 'dependsOn' | 'Session'>
  /** What all names begin with: each stands for one thing only, as long as that lives. */
  readonly prefix: string
  /** Options of the functions that have the tier. */
  readonly shared: { readonly tier?: Tier; readonly tierTimeout?: number }
}

export const ALONE: GraphProcess = { number: 0, library: ours, prefix: '', shared: {} }

/** Who decides when something goes on, and which checks fail. */
export interface GraphEdges {
  pass(label: string): Promise<void>
  /** @returns whether the check that begins is to fail. */
  checkFails(): boolean
}

/** The cached functions of a plan, over data. */
export class Graph {
  readonly process: GraphProcess
  readonly data: GraphData
  readonly functions: readonly GraphFunction[]
  readonly #plans: readonly FunctionPlan[]
  readonly #edges: GraphEdges
  readonly #sources: Sources
  loads = 0

  constructor(plans: readonly FunctionPlan[], edges: GraphEdges, process: GraphProcess, data: GraphData) {
    this.#plans = plans
    this.#edges = edges
    this.process = process
    this.data = data
    const { prefix } = process
    const { versionSource } = process.library
    this.#sources = {
      plain: versionSource({ name: `${prefix}plain`, read: (key: string) => this.#checkNow('plain', key) }),
      slow: versionSource({
        name: `${prefix}slow`,
        read: (key: string) => this.#checkLater('slow', [key], 'slow', false).then(([version]) => version as number),
        timeout: Infinity,
      }),
      batch: versionSource({
        name: `${prefix}batch`,
        readMany: (keys: readonly string[]) => this.#checkLater('batch', keys, undefined, false),
        timeout: Infinity,
      }),
    } as unknown as Sources
    this.functions = plans.map((plan, index) => this.#cached(plan, index))
  }

  /** What a function gives where there is no cache. */
  uncached(fn: number, arg: string): GraphOutput {
    const around: Surroundings = {
      data: this.data,
      pass: () => undefined,
      ask: () => undefined,
      call: (inner, argument) => this.uncached(inner, argument),
    }
    return runSync(stepsOf(fn, this.#plans, arg, around))
  }

  /** Calls a cached function, and tells the calling unit what that gave. */
  call(fn: number, arg: string, known?: ReadonlyMap<string, number>): Given {
    const label = `f${fn}(${arg})`
    const unit = unitOfCaller.getStore()
    const cached = this.functions[fn] as GraphFunction // by itself: it has no `this`
    const given = cached(arg)
    if (given instanceof Promise) {
      given.then(
        (output) => unit?.got(label, output, known),
        () => undefined,
      )
    } else {
      unit?.got(label, given, known)
    }
    return given
  }

  #cached(plan: FunctionPlan, index: number): GraphFunction {
    const loader = this.#loader(plan, index)
    const { equals, max, maxStamps, isShared } = plan
    const { versionedLruCache } = this.process.library
    const isTimed = plan.version.includes('timed')
    return versionedLruCache(loader, {
      version: this.#versionOf(plan, index) as never,
      name: `${this.process.prefix}f${index}`,
      ttl: isTimed ? TTL : Infinity,
      versionTimeout: Infinity,
      clock: () => this.data.now,
      max,
      maxStamps,
      ...(isShared && this.process.shared),
      ...(equals && { equals: (kept: GraphOutput, loaded: GraphOutput) => kept.value === loaded.value }),
    } as never) as unknown as GraphFunction
  }

  #loader(plan: FunctionPlan, index: number): (arg: string) => Given {
    if (plan.loader === 'sync') return (arg) => runSync(this.#steps(index, arg, 'sync'))
    if (plan.loader === 'promising') return (arg) => this.#load(index, arg)
    return async (arg) => this.#load(index, arg)
  }

  async #load(index: number, arg: string): Promise<GraphOutput> {
    const around = this.#around('async')
    try {
      return await runAsync(stepsOf(index, this.#plans, arg, around))
    } finally {
      around.isOver = true
    }
  }

  #steps(index: number, arg: string, shape: Shape) {
    return stepsOf(index, this.#plans, arg, this.#around(shape))
  }

  #around(shape: Shape): Surroundings & { isOver: boolean } {
    this.loads++
    const around = {
      isOver: false,
      data: this.data,
      pass: (label: string) => (shape === 'sync' ? undefined : this.#edges.pass(label)),
      ask: (read: Read & { do: 'current' | 'dependsOn' }, key: string) => {
        noteLate(around.isOver)
        const source = this.#sources[read.source]
        return read.do === 'current' ? source.current(key) : this.process.library.dependsOn(source, key)
      },
      call: (fn: number, arg: string) => {
        noteLate(around.isOver)
        return this.call(fn, arg)
      },
    }
    return around
  }

  #versionOf({ version, check }: FunctionPlan, index: number): unknown {
    if (version.includes('own')) {
      if (check === 'sync') return (arg: string) => this.#checkNow('own', arg, `f${index}`)
      return async (arg: string) => (await this.#checkLater('own', [arg], `f${index}`, true))[0]
    }
    const sources = version.filter((name) => name in this.#sources)
    return sources.length === 0 ? undefined : sources.map((name) => this.#sources[name as keyof Sources])
  }

  #checkNow(source: SourceName, key: string, of: string = source): number {
    if (this.#edges.checkFails()) throw new CheckError('this check fails')
    unitOfCaller.getStore()?.checked(`${of} ${key}`, of !== source)
    return this.data.version(GraphData.cell(source, key))
  }

  /** @param of in whose name; undefined where it may be for others than the calling unit. */
  async #checkLater(source: SourceName, keys: readonly string[], of: string | undefined, isOfFunction: boolean) {
    const fails = this.#edges.checkFails()
    const unit = unitOfCaller.getStore()
    await this.#edges.pass(`the version of ${source} ${keys} is read`)
    const versions = keys.map((key) => this.data.version(GraphData.cell(source, key)))
    await this.#edges.pass(`the version of ${source} ${keys} is there`)
    if (fails) throw new CheckError('this check fails')
    if (of !== undefined) unit?.checked(`${of} ${keys}`, isOfFunction)
    return versions
  }
}

/** What a load that is over asks for belongs to nobody, where there is no session. */
function noteLate(isOver: boolean): void {
  const unit = unitOfCaller.getStore()
  if (isOver && unit !== undefined && !unit.hasSession) unit.isMixed = true
}
