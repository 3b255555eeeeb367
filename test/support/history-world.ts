import { type CacheControls, Session, versionedLruCache } from '../../src/index.ts'
import { type Ack, Backend, type BackendPlan, caller, type Edges } from './history-backend.ts'
import { boundsBroken, restBroken } from './history-bounds.ts'
import { type Call, type Drop, History, type Output } from './history-record.ts'

export type Step =
  | { readonly do: 'read' | 'refresh' | 'invalidate'; readonly key: string }
  | { readonly do: 'clear' | 'renew' }
  | { readonly do: 'write'; readonly key: string; readonly ack: Ack }
  | { readonly do: 'wait'; readonly ms: number }

/** Does one thing after the other; several of one session make its concurrent calls. */
export interface Actor {
  /** Without one, each call is a session of its own. */
  readonly session?: number | undefined
  readonly steps: readonly Step[]
}

export interface Plan extends BackendPlan {
  readonly actors: readonly Actor[]
  readonly max?: number
  readonly ttl?: number
  readonly staleWhileRevalidate?: number
  readonly staleIfError?: number
  /** Whether the version function has a time limit, whose end is an edge. */
  readonly timers?: boolean
}

type Cached = ((key: string) => unknown) & CacheControls<(key: string) => Output | Promise<Output>>

const SIZE = 2

/** A cached function over data that is written meanwhile: every step that takes time is an edge. */
export class HistoryWorld {
  readonly history: History
  readonly max: number
  readonly cached: Cached
  readonly backend: Backend
  readonly #actors: readonly Actor[]
  readonly #sessions = new Map<number, Session>()
  readonly #keys = new Set<string>()
  readonly #kept = new Map<string, Output | undefined>()

  constructor(plan: Plan, edges: Edges) {
    const { ttl = Infinity, max = 10, staleWhileRevalidate = 0, staleIfError = 0, timers = false } = plan
    const sync = plan.loader === 'sync' && plan.version === 'sync'
    this.#actors = plan.actors
    this.max = max
    this.history = new History({ sync, ttl, staleFor: Math.max(staleWhileRevalidate, staleIfError) })
    this.backend = new Backend(plan, this.history, edges)
    const options = {
      version: (key: string) => this.backend.check(key),
      max,
      maxSize: max * SIZE,
      sizeCalculation: () => SIZE,
      ttl,
      staleWhileRevalidate,
      staleIfError,
      versionTimeout: timers ? 1000 : Infinity,
      clock: () => this.backend.clock,
      name: 'data',
    }
    this.cached = versionedLruCache((key: string) => this.backend.load(key), options) as unknown as Cached
  }

  /** Lets the actors act while somebody decides on the edges, and looks at how it all ended. */
  async run(drive: () => Promise<void>): Promise<void> {
    const real = { setTimeout: globalThis.setTimeout, clearTimeout: globalThis.clearTimeout }
    Object.assign(globalThis, { setTimeout: this.backend.setTimeout, clearTimeout: this.backend.clearTimeout })
    try {
      this.#start()
      await drive()
    } finally {
      Object.assign(globalThis, real)
    }
    this.history.outOfBounds.push(...restBroken(this))
  }

  /** Between two edges: what is kept now, and whether the cache holds more than it should. */
  afterStep(): void {
    for (const key of this.#keys) this.#noteKept(key)
    const broken = boundsBroken(this)
    if (broken !== undefined) this.history.outOfBounds.push(broken)
  }

  #noteKept(key: string): void {
    const output = this.cached.peek(key)
    if (this.#kept.get(key) === output) return
    this.#kept.set(key, output)
    const load = output === undefined ? undefined : this.history.loads[output.load]
    const kept = { key, load, at: this.history.now }
    this.history.kept.push(kept)
    this.history.note({ type: 'kept', of: kept })
  }

  /** Of actors that are the same, the first begins first: another order would differ in their names only. */
  #start(): void {
    const begun = new Map<string, Promise<void>>()
    this.#actors.forEach((actor, index) => {
      const alike = JSON.stringify([actor.steps, this.#company(actor)])
      let begins = (): void => {}
      const begin = new Promise<void>((resolve) => {
        begins = resolve
      })
      void this.#act(actor, String.fromCharCode(65 + index), begun.get(alike), begins)
      begun.set(alike, begin)
    })
  }

  /** Who else is in an actor's session: what tells it from others that do the same. */
  #company({ session }: Actor): unknown {
    if (session === undefined) return 'a session for each call'
    const others = this.#actors.filter((actor) => actor.session === session)
    return others.length === 1 ? 'alone' : session
  }

  async #act(actor: Actor, name: string, mayBegin: Promise<void> | undefined, begins: () => void): Promise<void> {
    await mayBegin
    for (const step of actor.steps) {
      await this.backend.pass(`${name}: ${Object.values(step).join(' ')}`)
      begins()
      await this.do(step, actor.session)
    }
  }

  async do(step: Step, session?: number): Promise<void> {
    switch (step.do) {
      case 'read':
        return this.#call('read', step.key, session)
      case 'refresh':
        this.#drop('refresh', session, step.key)
        return this.#call('refresh', step.key, session)
      case 'invalidate':
        this.#drop('invalidate', session, step.key)
        this.#in(session, () => this.cached.invalidate(step.key))
        return
      case 'clear':
        this.#drop('clear', session)
        this.#in(session, () => this.cached.clear())
        return
      case 'renew':
        this.#drop('renew', session)
        if (session !== undefined) this.#session(session).renew()
        return
      case 'write':
        return this.backend.write(step.key, step.ack)
      case 'wait':
        this.backend.clock += step.ms
    }
  }

  #session(number: number): Session {
    const session = this.#sessions.get(number) ?? new Session()
    this.#sessions.set(number, session)
    return session
  }

  #in<R>(session: number | undefined, fn: () => R): R {
    return session === undefined ? fn() : this.#session(session).run(fn)
  }

  #drop(how: Drop['how'], session: number | undefined, key?: string): void {
    const drop: Drop = { how, session, key, at: this.history.now }
    this.history.drops.push(drop)
    this.history.note({ type: 'drop', of: drop })
  }

  async #call(kind: Call['kind'], key: string, session: number | undefined): Promise<void> {
    const id = this.history.calls.length
    const when = { at: this.history.now, clock: this.backend.clock }
    const call: Call = { id, session: session ?? -1 - id, key, kind, ...when, outcome: undefined }
    this.#keys.add(key)
    this.history.calls.push(call)
    this.history.note({ type: 'call', of: call })
    const give = kind === 'read' ? this.cached : this.cached.refresh
    let promised = false
    try {
      const given: unknown = caller.run(call, () => this.#in(session, () => give(key)))
      promised = given instanceof Promise
      this.#settled(call, promised, { value: promised ? await given : given })
    } catch (error) {
      this.#settled(call, promised, { error })
    }
  }

  #settled(call: Call, promised: boolean, ended: { value: unknown } | { error: unknown }): void {
    call.outcome = { at: this.history.now, clock: this.backend.clock, promised, ended }
    this.history.note({ type: 'settled', of: call })
  }
}
