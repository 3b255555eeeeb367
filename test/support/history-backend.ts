import { AsyncLocalStorage } from 'node:async_hooks'
import type { Write } from './history-record.ts'
import { type Call, type CheckRun, type History, type LoadRun, type Output, PlannedError } from './history-record.ts'
import type { Shape } from './world.ts'

/** Everything of which somebody else decides the moment. */
export interface Edges {
  /** Runs something when its turn comes; gives a function that calls it off. */
  later(label: string, run: () => void): () => void
}

/** How the functions under the cache behave. */
export interface BackendPlan {
  readonly loader: Shape
  readonly version: Shape
  /** Which runs fail, or never answer, counted from 0. */
  readonly failingChecks?: readonly number[]
  readonly failingLoads?: readonly number[]
  readonly hungChecks?: readonly number[]
}

/** Data and version are committed at once; or the data first, and the version with the acknowledgement. */
export type Ack = 'at once' | 'later' | 'with the version'

/** The call in whose async context the code runs. One for all worlds: Node 20 visits each with every promise. */
export const caller: AsyncLocalStorage<Call> = new AsyncLocalStorage()

/** What was there before the first write, as data and as version. */
const FIRST = 1

/** The data under the cache, with a version for each key: checks, loads and writes, which take their time. */
export class Backend {
  clock = 0
  readonly #plan: BackendPlan
  readonly #history: History
  readonly #edges: Edges
  readonly #data = new Map<string, number>()
  readonly #versions = new Map<string, number>()

  constructor(plan: BackendPlan, history: History, edges: Edges) {
    this.#plan = plan
    this.#history = history
    this.#edges = edges
  }

  /** Waits for an edge. */
  pass(label: string): Promise<void> {
    return new Promise((resolve) => {
      this.#edges.later(label, () => {
        this.#history.note({ type: 'edge', of: label })
        resolve()
      })
    })
  }

  check(key: string): number | Promise<number> {
    const { checks } = this.#history
    const run: CheckRun = { ...this.#begun(checks.length, key), version: undefined, cutAt: Infinity }
    checks.push(run)
    this.#history.note({ type: 'check begins', of: run })
    const { version, hungChecks } = this.#plan
    if (version === 'async' && hungChecks?.includes(run.id)) return new Promise(() => {})
    return this.#timed(
      version,
      `check ${run.id} of ${key}`,
      () => this.#readVersion(run),
      () => this.#endCheck(run),
    )
  }

  #readVersion(run: CheckRun): void {
    run.version = this.#versions.get(run.key) ?? FIRST
    this.#history.note({ type: 'check reads', of: run })
  }

  #endCheck(run: CheckRun): number {
    run.endedAt = this.#history.now
    run.endedClock = this.clock
    this.#history.note({ type: 'check ends', of: run })
    if (this.#plan.failingChecks?.includes(run.id)) throw new PlannedError('check', run.id)
    return run.version as number
  }

  load(key: string): Output | Promise<Output> {
    const { loads } = this.#history
    const run: LoadRun = { ...this.#begun(loads.length, key), output: undefined }
    loads.push(run)
    this.#history.note({ type: 'load begins', of: run })
    return this.#timed(
      this.#plan.loader,
      `load ${run.id} of ${key}`,
      () => this.#readData(run),
      () => this.#endLoad(run),
    )
  }

  #readData(run: LoadRun): void {
    const data = this.#data.get(run.key) ?? FIRST
    run.output = Object.freeze({ key: run.key, left: data, right: data, load: run.id })
    this.#history.note({ type: 'load reads', of: run })
  }

  #endLoad(run: LoadRun): Output {
    run.endedAt = this.#history.now
    run.endedClock = this.clock
    this.#history.note({ type: 'load ends', of: run })
    if (this.#plan.failingLoads?.includes(run.id)) throw new PlannedError('load', run.id)
    return run.output as Output
  }

  #begun(id: number, key: string) {
    const call = caller.getStore()
    const never = { endedAt: Infinity, endedClock: Infinity }
    return { id, key, call, begunAt: this.#history.now, clock: this.clock, ...never }
  }

  /** Reads and returns: at once, or each when its turn comes. */
  #timed<R>(shape: Shape, label: string, read: () => void, end: () => R): R | Promise<R> {
    if (shape === 'async') return this.#inTwoSteps(label, read, end)
    read()
    return end()
  }

  async #inTwoSteps<R>(label: string, read: () => void, end: () => R): Promise<R> {
    await this.pass(`${label} reads`)
    read()
    await this.pass(`${label} returns`)
    return end()
  }

  async write(key: string, ack: Ack): Promise<void> {
    const data = (this.#data.get(key) ?? FIRST) + 1
    const write: Write = { key, data, ack, committedAt: this.#history.now, ackedAt: Infinity, ackedClock: Infinity }
    this.#data.set(key, data)
    if (ack !== 'with the version') this.#publish(key, data)
    this.#history.writes.push(write)
    this.#history.note({ type: 'commit', of: write })
    if (ack !== 'at once') await this.pass(`ack ${key} ${data}`)
    if (ack === 'with the version') this.#publish(key, data)
    write.ackedAt = this.#history.now
    write.ackedClock = this.clock
    this.#history.note({ type: 'ack', of: write })
  }

  /** A version is unique for ever: it never goes back, whatever the order of two writers. */
  #publish(key: string, data: number): void {
    this.#versions.set(key, Math.max(data, this.#versions.get(key) ?? FIRST))
  }

  /** Makes the end of a check's time limit an edge, instead of a matter of time. */
  readonly setTimeout = (fire: () => void): object => {
    const check = this.#history.checks.at(-1) as CheckRun
    const timer = { callOff: () => {}, unref: () => timer }
    this.timers.add(timer)
    const label = `time limit of check ${check.id}`
    timer.callOff = this.#edges.later(label, () => {
      this.#history.note({ type: 'edge', of: label })
      check.cutAt = this.#history.now
      this.#history.note({ type: 'check is cut off', of: check })
      this.timers.delete(timer)
      fire()
    })
    return timer
  }

  readonly clearTimeout = (timer: { callOff: () => void }): void => {
    if (this.timers.delete(timer)) timer.callOff()
  }

  /** Timers that run. */
  readonly timers = new Set<object>()
}
