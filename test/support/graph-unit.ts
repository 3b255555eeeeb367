import { AsyncLocalStorage } from 'node:async_hooks'
import type { GraphData, SeenDatum } from './graph-data.ts'
import type { GraphOutput } from './graph-loader.ts'

/** What an output of which nothing but the clock decides may be old, in milliseconds. */
export const TTL = 10

export interface UnitKind {
  readonly name: string
  readonly process: number
  readonly hasSession: boolean
  /** Whether all that it gets is of the same versions: not what it has joined that nobody can look at. */
  readonly agrees: boolean
}

/** A session, or a call without one, as it should be: what it gets is compared with what it has got before. */
export class Unit {
  readonly name: string
  readonly process: number
  readonly hasSession: boolean
  /** What is wrong with it. */
  readonly faults: string[] = []
  /** Whether it has dropped what it had pinned of functions. */
  hasDropped = false
  /** Whether some of its calls went by other pins: made after a renewal, or by a load that was over. */
  isMixed = false
  readonly #agrees: boolean
  /** What was there when it began. */
  readonly #acknowledged: ReadonlyMap<string, number>
  /** That, and what it has written since and told the functions to forget: what calls that it makes now have to be of. */
  known: ReadonlyMap<string, number>
  readonly #begunAt: number
  readonly #outputs = new Map<string, GraphOutput>()
  readonly #versions = new Map<string, number>()
  readonly #checked = new Set<string>()

  constructor({ name, process, hasSession, agrees }: UnitKind, data: GraphData) {
    this.name = name
    this.process = process
    this.hasSession = hasSession
    this.#agrees = agrees
    this.#acknowledged = data.acknowledged(process)
    this.known = this.#acknowledged
    this.#begunAt = data.now
  }

  /** A check has given a version: for whom it ran first. */
  checked(what: string, isOfFunction: boolean): void {
    const isAgain = this.#checked.has(what) && !(isOfFunction && this.hasDropped)
    if (isAgain && !this.isMixed) this.#blame(`${what} was checked twice`)
    this.#checked.add(what)
  }

  wrote(cell: string, number: number): void {
    this.hasDropped = true
    this.known = new Map(this.known).set(cell, Math.max(this.known.get(cell) ?? 0, number))
  }

  /** @param known at the time of the call, unless a load made it, which may go by what it has seen itself. */
  got(call: string, output: GraphOutput, known: ReadonlyMap<string, number> = this.#acknowledged): void {
    const before = this.#outputs.get(call)
    if (before !== undefined && before !== output && !this.hasDropped && !this.isMixed) {
      this.#blame(`${call} gave another output than before`)
    }
    this.#outputs.set(call, output)
    for (const seen of output.seen) this.#look(call, seen, known)
  }

  #look(call: string, { cell, data, version, at }: SeenDatum, known: ReadonlyMap<string, number>): void {
    const acknowledged = known.get(cell) ?? 0
    if (data < acknowledged) this.#blame(`${call} is of ${cell} ${data}, and ${acknowledged} was there before`)
    if (cell.startsWith('timed') && at <= this.#begunAt - TTL) this.#blame(`${call} is of ${cell} as of ${at}`)
    if (this.isMixed) return
    const goesBy = this.#versions.get(cell) ?? version
    if (goesBy === undefined) return
    if (this.#agrees && version !== undefined && version !== goesBy)
      this.#blame(`${call} is of ${cell} at ${version}, not ${goesBy}`)
    if (data < goesBy) this.#blame(`${call} is of ${cell} ${data}, and its version is ${goesBy}`)
    this.#versions.set(cell, goesBy)
  }

  #blame(fault: string): void {
    this.faults.push(`${this.name}: ${fault}`)
  }
}

/** The unit in whose async context code runs. One for all worlds: Node 20 visits each with every promise. */
export const unitOfCaller: AsyncLocalStorage<Unit> = new AsyncLocalStorage()
