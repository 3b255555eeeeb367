import { type CacheStats, Session } from '../../src/index.ts'
import { Graph, type GraphFunction } from './graph-build.ts'
import { GraphData } from './graph-data.ts'
import { DataError } from './graph-loader.ts'
import { ARGUMENTS, type GraphActor, type GraphPlan, type GraphStep } from './graph-plan.ts'
import { feasible, isReaderOf, mayFail } from './graph-shape.ts'
import { TTL, Unit, unitOfCaller } from './graph-unit.ts'
import { quiet } from './history-enumerate.ts'

/** A session that several actors may share, and what it should keep to. */
interface Place {
  readonly session: Session | undefined
  unit: Unit
}

/** Cached functions that call each other, over data that is written meanwhile. */
export class GraphWorld {
  readonly graph: Graph
  readonly faults: string[] = []
  readonly #plan: GraphPlan
  readonly #pass: (label: string) => Promise<void>
  readonly #units: Unit[] = []
  #checks = 0
  #isCalm = false

  constructor(plan: GraphPlan, pass: (label: string) => Promise<void>) {
    this.#plan = { ...plan, functions: feasible(plan.functions) }
    this.#pass = pass
    this.graph = new Graph(this.#plan.functions, {
      pass: async (label) => (this.#isCalm ? undefined : pass(label)),
      checkFails: () => this.#checkFails(),
    })
  }

  /** @param idle waits until nothing is left that could go on. */
  async run(idle: () => Promise<void>): Promise<void> {
    for (const actors of this.#plan.rounds) {
      const places = new Map<number, Place>()
      const acting = new Set(actors)
      for (const actor of actors) void this.#act(actor, places).then(() => acting.delete(actor))
      await idle()
      if (acting.size > 0) this.faults.push(`${acting.size} wait for ever`)
      await this.#rest()
      if (this.count('runningLoads') + this.count('runningChecks') > 0) this.faults.push('at rest: something runs')
    }
    for (const { faults } of this.#units) this.faults.push(...faults)
  }

  /** How often something has happened, by the statistics of all functions. */
  count(name: Exclude<keyof CacheStats, 'tier'>): number {
    return this.graph.functions.reduce((sum, cached) => sum + cached.stats()[name], 0)
  }

  async #act({ session, steps }: GraphActor, places: Map<number, Place>): Promise<void> {
    for (const step of steps) {
      await this.#pass(`${session ?? 'nobody'}: ${JSON.stringify(step)}`)
      await this.#do(step, this.#placeOf(session, places))
    }
  }

  #placeOf(session: number | undefined, places: Map<number, Place>): Place {
    const known = session === undefined ? undefined : places.get(session)
    if (known !== undefined) return known
    const isNew = session !== undefined
    const place = { session: isNew ? new Session() : undefined, unit: this.#unit(`session ${session}`, isNew) }
    if (isNew) places.set(session, place)
    return place
  }

  #unit(name: string, hasSession: boolean): Unit {
    const unit = new Unit({ name, hasSession, agrees: this.#canLook }, this.graph.data)
    this.#units.push(unit)
    return unit
  }

  async #do(step: GraphStep, place: Place): Promise<void> {
    switch (step.do) {
      case 'read':
        return this.#read(step, place)
      case 'read all': {
        const ofItsOwn = () => (place.session === undefined ? this.#placeOf(undefined, new Map()) : place)
        await Promise.all(step.calls.map((call) => this.#read(call, ofItsOwn())))
        return
      }
      case 'write':
        return this.#write(step, place)
      case 'wait':
        this.graph.data.now += step.ms
        return
      case 'renew':
        return this.#renew(place)
      case 'refresh': {
        place.unit.hasDropped = true
        const refresh = () => this.#function(step.fn).refresh(step.arg)
        await this.#in(place, async () => refresh()).catch(() => undefined)
        return
      }
      case 'invalidate':
      case 'clear':
        place.unit.hasDropped = true
        this.#in(place, () => {
          if (step.do === 'clear') this.#function(step.fn).clear()
          else this.#function(step.fn).invalidate(step.arg)
        })
    }
  }

  #in<R>({ session, unit }: Place, fn: () => R): R {
    return unitOfCaller.run(unit, session === undefined ? fn : () => session.run(fn))
  }

  async #read({ fn, arg }: { readonly fn: number; readonly arg: string }, place: Place): Promise<void> {
    const call = async () => this.graph.call(fn % this.graph.functions.length, arg, place.unit.known)
    await this.#in(place, call).catch(() => undefined)
  }

  #renew(place: Place): void {
    place.unit.isMixed = true
    place.session?.renew()
    place.unit = this.#unit('renewed', place.unit.hasSession)
  }

  async #write({ source, key, how }: GraphStep & { do: 'write' }, place: Place): Promise<void> {
    const { data } = this.graph
    const cell = GraphData.cell(source, key)
    const number = data.write(cell)
    if (how !== 'together') await this.#pass(`the write of ${cell} ${number} goes on`)
    if (how !== 'silently') data.publish(cell, number)
    else {
      this.#in(place, () => this.#tellReaders(source))
      place.unit.wrote(cell, number)
    }
    if (how === 'silently' || source !== 'timed') data.acknowledge(cell, number)
  }

  #tellReaders(source: string): void {
    for (const [index, plan] of this.#plan.functions.entries()) {
      if (isReaderOf(plan, source)) for (const arg of ARGUMENTS) this.#function(index).invalidate(arg)
    }
  }

  #function(fn: number): GraphFunction {
    return this.graph.functions[fn % this.graph.functions.length] as GraphFunction
  }

  #checkFails(): boolean {
    const id = this.#checks++
    return !this.#isCalm && this.#plan.failingChecks.includes(id)
  }

  /** Nothing goes on: a new session gets what the functions give without a cache, and after it the next loads nothing. */
  async #rest(): Promise<void> {
    this.#isCalm = true
    this.graph.data.now += 2 * TTL
    const expected = this.#uncached()
    this.#compare(expected, await this.#all())
    const { loads } = this.graph
    this.#compare(expected, await this.#all())
    if (this.graph.loads > loads && this.#keepsAll()) this.faults.push('what was good was loaded again')
    this.#isCalm = false
  }

  /** Whether no output is made of too much. */
  get #canLook(): boolean {
    return this.#plan.functions.every(({ maxStamps }) => maxStamps > 100)
  }

  #keepsAll(): boolean {
    return this.#canLook && this.#plan.functions.every((plan) => plan.max > ARGUMENTS.length && !mayFail(plan))
  }

  #uncached(): Map<string, string> {
    const expected = new Map<string, string>()
    for (const [call, fn, arg] of this.#calls()) {
      try {
        expected.set(call, `${this.graph.uncached(fn, arg).value}`)
      } catch (error) {
        expected.set(call, tell(error))
      }
    }
    return expected
  }

  /** What one new session gets of everything. */
  async #all(): Promise<Map<string, string>> {
    const place = { session: new Session(), unit: this.#unit('at rest', true) }
    const outcomes = new Map<string, string>()
    for (const [call, fn, arg] of this.#calls()) {
      void this.#in(place, async () => this.graph.call(fn, arg)).then(
        ({ value }) => outcomes.set(call, `${value}`),
        (error) => outcomes.set(call, tell(error)),
      )
    }
    await quiet()
    return outcomes
  }

  *#calls(): Iterable<[call: string, fn: number, arg: string]> {
    for (let fn = this.graph.functions.length - 1; fn >= 0; fn--) {
      for (const arg of ARGUMENTS) yield [`f${fn}(${arg})`, fn, arg]
    }
  }

  #compare(expected: ReadonlyMap<string, string>, found: ReadonlyMap<string, string>): void {
    for (const [call, outcome] of expected) {
      if (found.get(call) !== outcome) this.faults.push(`at rest: ${call} gave ${found.get(call)}, not ${outcome}`)
    }
  }
}

function tell(error: unknown): string {
  return error instanceof DataError ? error.message : `unexpected: ${error instanceof Error ? error.stack : error}`
}
