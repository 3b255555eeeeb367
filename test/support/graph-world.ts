import type { CacheStats, Session } from '../../src/index.ts'
import { ALONE, Graph, type GraphFunction, type GraphProcess } from './graph-build.ts'
import { GraphData } from './graph-data.ts'
import { ARGUMENTS, type FunctionPlan, type GraphActor, type GraphPlan, type GraphStep } from './graph-plan.ts'
import { canLook, differences, keepsAll, outcomesIn, uncachedOutcomes } from './graph-rest.ts'
import { feasible, isReaderOf } from './graph-shape.ts'
import { TTL, Unit, unitOfCaller } from './graph-unit.ts'

/** A session that several actors of a process may share, and what it should keep to. */
interface Place {
  readonly graph: Graph
  readonly session: Session | undefined
  unit: Unit
}

/** A write of which no version tells. */
interface Written {
  readonly source: string
  readonly cell: string
  readonly number: number
}

/** How a world is made that is not the simplest one. */
interface WorldOptions {
  /** Each has the same functions over the same data, for itself. */
  readonly processes?: readonly GraphProcess[]
  readonly data?: GraphData
  /** How many milliseconds each step takes. */
  readonly tick?: number
  /** Called when nothing goes on, and when it does again. */
  readonly calm?: (isCalm: boolean) => void
}

/** Cached functions that call each other, over data that is written meanwhile. */
export class GraphWorld {
  readonly graphs: readonly Graph[]
  readonly faults: string[] = []
  readonly #data: GraphData
  readonly #plan: GraphPlan
  readonly #pass: (label: string) => Promise<void>
  readonly #calm: (isCalm: boolean) => void
  readonly #units: Unit[] = []
  #checks = 0
  #isCalm = false

  constructor(plan: GraphPlan, pass: (label: string) => Promise<void>, options: WorldOptions = {}) {
    const { processes = [ALONE], data = new GraphData(), tick = 0, calm = () => {} } = options
    const hasTier = processes.some(({ shared }) => shared.tier !== undefined)
    this.#plan = { ...plan, functions: feasible(plan.functions, hasTier) }
    this.#data = data
    this.#calm = calm
    this.#pass = async (label) => {
      if (this.#isCalm) return
      await pass(label)
      data.elapse(tick)
    }
    const edges = { pass: this.#pass, checkFails: () => this.#checkFails() }
    this.graphs = processes.map((process) => new Graph(this.#plan.functions, edges, process, data))
  }

  /** One step of whatever else is to take its time, while anything goes on at all. */
  pass(label: string): Promise<void> {
    return this.#pass(label)
  }

  /** @param idle waits until nothing is left that could go on. */
  async run(idle: () => Promise<void>): Promise<void> {
    for (const actors of this.#plan.rounds) {
      const places = new Map<string, Place>()
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
    return this.functions.reduce((sum, cached) => sum + cached.stats()[name], 0)
  }

  get functions(): readonly GraphFunction[] {
    return this.graphs.flatMap(({ functions }) => functions)
  }

  async #act({ session, process, steps }: GraphActor, places: Map<string, Place>): Promise<void> {
    const graph = this.graphs[process % this.graphs.length] as Graph
    for (const step of steps) {
      await this.#pass(`${session ?? 'nobody'}: ${JSON.stringify(step)}`)
      await this.#do(step, this.#placeOf(graph, session, places))
    }
  }

  #placeOf(graph: Graph, session: number | undefined, places: Map<string, Place>): Place {
    if (session === undefined) return { graph, session, unit: this.#unit('nobody', graph, false) }
    const name = `session ${session} of process ${graph.process.number}`
    const place = places.get(name) ?? this.#newSession(name, graph)
    places.set(name, place)
    return place
  }

  #newSession(name: string, graph: Graph): Place {
    return { graph, session: new graph.process.library.Session(), unit: this.#unit(name, graph, true) }
  }

  #unit(name: string, graph: Graph, hasSession: boolean): Unit {
    const { number } = graph.process
    const unit = new Unit({ name, process: number, hasSession, agrees: canLook(this.#plan) }, this.#data)
    this.#units.push(unit)
    return unit
  }

  async #do(step: GraphStep, place: Place): Promise<void> {
    switch (step.do) {
      case 'read':
        return this.#read(step, place)
      case 'read all': {
        const ofItsOwn = () => (place.session === undefined ? this.#placeOf(place.graph, undefined, new Map()) : place)
        await Promise.all(step.calls.map((call) => this.#read(call, ofItsOwn())))
        return
      }
      case 'write':
        return this.#write(step, place)
      case 'wait':
        this.#data.elapse(step.ms)
        return
      case 'renew':
        return this.#renew(place)
      case 'refresh': {
        place.unit.hasDropped = true
        const refresh = () => functionOf(place.graph, step.fn).refresh(step.arg)
        await this.#in(place, async () => refresh()).catch(() => undefined)
        return
      }
      case 'invalidate':
      case 'clear':
        place.unit.hasDropped = true
        this.#in(place, () => {
          if (step.do === 'clear') functionOf(place.graph, step.fn).clear()
          else functionOf(place.graph, step.fn).invalidate(step.arg)
        })
    }
  }

  #in<R>({ session, unit }: Place, fn: () => R): R {
    return unitOfCaller.run(unit, session === undefined ? fn : () => session.run(fn))
  }

  async #read({ fn, arg }: { readonly fn: number; readonly arg: string }, place: Place): Promise<void> {
    const { graph, unit } = place
    const call = async () => graph.call(fn % graph.functions.length, arg, unit.known)
    await this.#in(place, call).catch(() => undefined)
  }

  #renew(place: Place): void {
    place.unit.isMixed = true
    place.session?.renew()
    place.unit = this.#unit('renewed', place.graph, place.unit.hasSession)
  }

  async #write({ source, key, how }: GraphStep & { do: 'write' }, place: Place): Promise<void> {
    const data = this.#data
    const cell = GraphData.cell(source, key)
    const number = data.write(cell)
    if (how !== 'together') await this.#pass(`the write of ${cell} ${number} goes on`)
    if (how === 'silently') return this.#tell({ source, cell, number }, place)
    data.publish(cell, number)
    if (source !== 'timed') for (const { process } of this.graphs) data.acknowledge(process.number, cell, number)
  }

  /** The version does not tell, so functions have to be told in each process, which takes its time. */
  async #tell({ source, cell, number }: Written, place: Place): Promise<void> {
    this.#tellReaders(source, place)
    place.unit.wrote(cell, number)
    this.#data.acknowledge(place.graph.process.number, cell, number)
    for (const graph of this.graphs.filter((other) => other !== place.graph)) {
      await this.#pass(`process ${graph.process.number} hears of ${cell} ${number}`)
      this.#tellReaders(source, this.#placeOf(graph, undefined, new Map()))
      this.#data.acknowledge(graph.process.number, cell, number)
    }
  }

  #tellReaders(source: string, place: Place): void {
    const readers = [...this.#plan.functions.keys()].filter((fn) => isReaderOf(this.#planOf(fn), source))
    const calls = readers.flatMap((fn) => ARGUMENTS.map((arg) => [functionOf(place.graph, fn), arg] as const))
    this.#in(place, () => {
      for (const [cached, arg] of calls) cached.invalidate(arg)
    })
  }

  #planOf(fn: number): FunctionPlan {
    return this.#plan.functions[fn] as FunctionPlan
  }

  #checkFails(): boolean {
    const id = this.#checks++
    return !this.#isCalm && this.#plan.failingChecks.includes(id)
  }

  /** Nothing goes on: a new session gets what the functions give without a cache, and after it the next loads nothing. */
  async #rest(): Promise<void> {
    this.#isCalm = true
    this.#calm(true)
    this.#data.elapse(2 * TTL)
    for (const graph of this.graphs) {
      const expected = uncachedOutcomes(graph)
      this.faults.push(...differences(expected, await this.#all(graph)))
      const { loads } = graph
      this.faults.push(...differences(expected, await this.#all(graph)))
      if (graph.loads > loads && keepsAll(this.#plan)) this.faults.push('what was good was loaded again')
    }
    this.#isCalm = false
    this.#calm(false)
  }

  #all(graph: Graph): ReturnType<typeof outcomesIn> {
    const place = this.#newSession('at rest', graph)
    return outcomesIn(graph, (fn) => this.#in(place, fn))
  }
}

function functionOf({ functions }: Graph, fn: number): GraphFunction {
  return functions[fn % functions.length] as GraphFunction
}
