import { Buffer } from 'node:buffer'
import { types } from 'node:util'
import { describe } from '../core/errors.ts'
import { hasMoreThanItems, step } from '../core/key-writer.ts'
import { NotSharedError } from '../core/tier.ts'

export const VIEWS = [
  'DataView',
  'Int8Array',
  'Uint8Array',
  'Uint8ClampedArray',
  'Int16Array',
  'Uint16Array',
  'Int32Array',
  'Uint32Array',
  'Float32Array',
  'Float64Array',
  'BigInt64Array',
  'BigUint64Array',
] as const

export type ViewKind = (typeof VIEWS)[number]

/** It may be another one: of a newer platform, such as `Float16Array`. */
export function kindOf(view: ArrayBufferView): ViewKind {
  return types.isDataView(view) ? 'DataView' : ((view as Uint8Array)[Symbol.toStringTag] as ViewKind)
}

/** Enough for any sensible output. The codec goes down as deep, on the stack. */
const MAX_DEPTH = 500

/**
 * @throws {NotSharedError} for an output that would come back as something else: an instance of a class, a function, what
 * has hidden properties. It says where.
 */
export function requireFaithful(output: unknown): void {
  new Walk().visit('the output', output)
}

/** Goes through a value, keeping track of where it is for its error. */
class Walk {
  readonly #seen = new Set<object>()
  readonly #path: string[] = []

  visit(name: string, value: unknown): void {
    if (typeof value !== 'object' && typeof value !== 'function' && typeof value !== 'symbol') return
    if (value === null || this.#seen.has(value as object)) return
    this.#path.push(name)
    if (typeof value !== 'object') throw this.#refuse(`is ${describe(value)}`)
    if (this.#path.length > MAX_DEPTH) throw this.#refuse(`is nested more than ${MAX_DEPTH} levels deep`)
    this.#seen.add(value)
    this.#visitObject(value)
    this.#path.pop()
  }

  #visitObject(object: object): void {
    const prototype: unknown = Object.getPrototypeOf(object)
    if (prototype === Object.prototype || prototype === null) this.#visitPlain(object as Record<string, unknown>)
    else if (prototype === Array.prototype) this.#visitArray(object as unknown[])
    else if (types.isDate(object)) this.#requireBare(object, prototype, Date)
    else if (types.isMap(object)) this.#visitMap(object, prototype)
    else if (types.isSet(object)) this.#visitSet(object, prototype)
    else if (ArrayBuffer.isView(object)) this.#visitView(object, prototype)
    else if (types.isArrayBuffer(object)) this.#requireBare(object, prototype, ArrayBuffer)
    else throw this.#refuse(`is ${describe(object)}`)
  }

  #visitPlain(object: Record<string, unknown>): void {
    const names = Object.keys(object)
    if (Reflect.ownKeys(object).length > names.length) {
      throw this.#refuse('has properties that are symbols or not enumerable')
    }
    for (const name of names) {
      if (name === '__proto__') throw this.#refuse('has a property "__proto__"')
      const value = object[name]
      if (value !== null && !isPlainlyCarried(value)) this.visit(step(name), value)
    }
  }

  /** By its own names, of which the indexes come first: there may be few, far apart. */
  #visitArray(array: readonly unknown[]): void {
    const names = Reflect.ownKeys(array)
    if (names.at(-1) !== 'length') throw this.#refuse('is an array with properties of its own')
    const isDense = names.length === array.length + 1
    for (let nth = 0; nth < names.length - 1; nth++) {
      const index = isDense ? nth : Number(names[nth])
      if (!isPlainlyCarried(array[index])) this.visit(`[${index}]`, array[index])
    }
  }

  #visitMap(map: ReadonlyMap<unknown, unknown>, prototype: unknown): void {
    this.#requireBare(map, prototype, Map)
    for (const [key, value] of map) {
      this.visit(' (a key of the Map)', key)
      this.visit('.get(…)', value)
    }
  }

  #visitSet(set: ReadonlySet<unknown>, prototype: unknown): void {
    this.#requireBare(set, prototype, Set)
    for (const item of set) this.visit(' (an item of the Set)', item)
  }

  #visitView(view: ArrayBufferView, prototype: unknown): void {
    const kind = kindOf(view)
    const isKnown = prototype === Buffer.prototype || (VIEWS.includes(kind) && prototype === globalThis[kind].prototype)
    if (!isKnown || !types.isArrayBuffer(view.buffer)) throw this.#refuse(`is ${describe(view)}`)
    if (hasMoreThanItems(view)) throw this.#refuse(`is ${describe(view)} with properties of its own`)
  }

  #requireBare(object: object, prototype: unknown, kind: { prototype: object; name: string }): void {
    if (prototype === kind.prototype && Reflect.ownKeys(object).length === 0) return
    throw this.#refuse(`is ${describe(object)} that has more than a ${kind.name}`)
  }

  #refuse(problem: string): NotSharedError {
    return new NotSharedError(`${this.#path.join('')} ${problem}`)
  }
}

/** What needs no look inside: most of what there is. */
function isPlainlyCarried(value: unknown): boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' || value === undefined
}
