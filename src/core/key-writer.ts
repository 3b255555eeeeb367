import { Buffer } from 'node:buffer'
import { inspect, types } from 'node:util'
import { describe, UnkeyableArgumentError } from './errors.ts'
import { SESSION } from './holder.ts'

/** Values that are told apart by type and value alone. */
export type Primitive = string | number | bigint | boolean | null | undefined

/** Enough for any sensible argument, few enough to refuse a hostile one in bounded time and stack. */
const MAX_DEPTH = 500
const MAX_PARTS = 1_000_000
const MAX_CHARACTERS = 2 ** 26

export function isPrimitive(value: unknown): value is Primitive {
  return value === null || (typeof value !== 'object' && typeof value !== 'function' && typeof value !== 'symbol')
}

export function writePrimitive(value: Primitive): string {
  if (typeof value === 'string') return writeString(value)
  if (typeof value === 'bigint') return `${value}n`
  return Object.is(value, -0) ? '-0' : String(value)
}

/** Most strings need no escaping, and finding that out is cheaper than `JSON.stringify`. */
function writeString(value: string): string {
  return value.includes('"') || value.includes('\\') ? JSON.stringify(value) : `"${value}"`
}

/** Writes values so that each text has only one reading, keeping track of where it is for its errors. */
export class KeyWriter {
  readonly #ancestors: object[] = []
  readonly #path: string[] = []
  #parts = 0
  #characters = 0

  /** A list of values, each behind a label for the errors. */
  list(label: string, items: readonly unknown[]): string {
    let text = '('
    for (let index = 0; index < items.length; index++) {
      text += `${index === 0 ? '' : ','}${this.#at(`${label}${index}`, items[index])}`
    }
    return `${text})`
  }

  #at(step: string, value: unknown): string {
    this.#path.push(step)
    const text = isPrimitive(value) ? this.#primitive(value) : this.#write(value)
    this.#path.pop()
    return text
  }

  #primitive(value: Primitive): string {
    if (typeof value === 'string') this.#countCharacters(value.length)
    return writePrimitive(value)
  }

  #write(value: unknown): string {
    if (typeof value === 'function') throw this.#refuse('is a function')
    if (typeof value === 'symbol') throw this.#refuse('is a symbol')
    const object = value as object
    if (this.#ancestors.includes(object)) throw this.#refuse('contains itself')
    if (this.#ancestors.length >= MAX_DEPTH) throw this.#refuse(`is nested more than ${MAX_DEPTH} levels deep`)
    this.#ancestors.push(object)
    const text = this.#writeObject(object)
    this.#ancestors.pop()
    return text
  }

  #writeObject(object: object): string {
    const prototype: unknown = Object.getPrototypeOf(object)
    if (Array.isArray(object)) return this.#array(object, prototype)
    if (isPlain(prototype)) return this.#plain(object as Record<string, unknown>, prototype)
    if (types.isDate(object)) return this.#bare(object, Date, `Date(${object.getTime()})`)
    if (types.isMap(object)) return this.#bare(object, Map, this.#map(object))
    if (types.isSet(object)) return this.#bare(object, Set, this.#set(object))
    if (ArrayBuffer.isView(object)) return this.#view(object, prototype)
    if (types.isArrayBuffer(object)) return this.#bare(object, ArrayBuffer, `ArrayBuffer(${this.#bytes(object)})`)
    throw this.#refuse(`is ${describe(object)}`)
  }

  /** Each element is closed by a comma, so that a hole (nothing before the comma) is not `undefined`. */
  #array(array: readonly unknown[], prototype: unknown): string {
    if (!Array.isArray(prototype)) throw this.#refuse('is an instance of a subclass of Array')
    this.#count(array.length)
    let text = '['
    let present = 0
    for (let index = 0; index < array.length; index++) {
      if (index in array) {
        text += this.#at(`[${index}]`, array[index])
        present++
      }
      text += ','
    }
    if (Reflect.ownKeys(array).length > present + 1) throw this.#refuse('is an array with properties of its own')
    return `${text}]`
  }

  #plain(object: Record<string, unknown>, prototype: unknown): string {
    const names = Object.keys(object)
    const hidden = Object.hasOwn(object, SESSION) ? 1 : 0 // the library's own, where the object is a session's holder
    if (Reflect.ownKeys(object).length > names.length + hidden) {
      throw this.#refuse('has properties that are symbols or not enumerable')
    }
    this.#count(names.length)
    let text = prototype === null ? 'null{' : '{' // without a prototype it is another kind of argument
    for (const name of names.sort()) text += `${writeString(name)}:${this.#at(step(name), object[name])},`
    return `${text}}`
  }

  #map(map: ReadonlyMap<unknown, unknown>): string {
    this.#count(map.size)
    let text = 'Map('
    for (const [key, value] of map) {
      text += `${this.#at(' (a key of the Map)', key)}:${this.#at('.get(…)', value)},`
    }
    return `${text})`
  }

  #set(set: ReadonlySet<unknown>): string {
    this.#count(set.size)
    let text = 'Set('
    for (const item of set) text += `${this.#at(' (an item of the Set)', item)},`
    return `${text})`
  }

  #view(view: ArrayBufferView, prototype: unknown): string {
    const kind = types.isDataView(view) ? 'DataView' : (view as Uint8Array)[Symbol.toStringTag]
    const name = view.constructor?.name
    if (name !== kind && prototype !== Buffer.prototype) {
      throw this.#refuse(`is ${describe(view)}, a subclass of ${kind}`)
    }
    if (hasMoreThanItems(view)) throw this.#refuse(`is a ${name} with properties of its own`)
    return `${name}(${this.#bytes(view.buffer, view.byteOffset, view.byteLength)})`
  }

  #bytes(buffer: ArrayBufferLike, offset = 0, length = buffer.byteLength): string {
    this.#countCharacters(length)
    return Buffer.from(buffer, offset, length).toString('base64')
  }

  /** Built-in objects count only when nothing was added to them. */
  #bare(object: object, kind: { prototype: object; name: string }, text: string): string {
    if (Object.getPrototypeOf(object) !== kind.prototype) {
      throw this.#refuse(`is ${describe(object)}, a subclass of ${kind.name}`)
    }
    if (Reflect.ownKeys(object).length > 0) throw this.#refuse(`is a ${kind.name} with properties of its own`)
    return text
  }

  #count(parts: number): void {
    this.#parts += parts
    if (this.#parts > MAX_PARTS) throw this.#refuse(`has more than ${MAX_PARTS} parts`)
  }

  #countCharacters(characters: number): void {
    this.#characters += characters
    if (this.#characters > MAX_CHARACTERS) throw this.#refuse(`has more than ${MAX_CHARACTERS} characters`)
  }

  #refuse(problem: string): UnkeyableArgumentError {
    return new UnkeyableArgumentError(this.#path.join(''), `${problem}: pass a "key" function that picks what matters.`)
  }
}

/** Also plain objects of another realm (`node:vm`, a test runner's sandbox). */
function isPlain(prototype: unknown): boolean {
  if (prototype === null || prototype === Object.prototype) return true
  return Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype as object, 'isPrototypeOf')
}

/** How the way to a property is written: `.name`, `[0]`, `["no name"]`. */
export function step(name: string): string {
  if (/^\d+$/.test(name)) return `[${name}]`
  return /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(name) ? `.${name}` : `[${JSON.stringify(name)}]`
}

/**
 * To list the properties of a typed array takes milliseconds (64 KB: 8.6 ms), since each item is one. `inspect`
 * tells in microseconds whether there are others.
 */
export function hasMoreThanItems(view: ArrayBufferView): boolean {
  if (types.isDataView(view)) return Reflect.ownKeys(view).length > 0
  const shown = inspect(view, {
    maxArrayLength: 0,
    customInspect: false,
    depth: 0,
    breakLength: Number.POSITIVE_INFINITY,
  })
  return !/^\w+\(\d+\) (\[\w+\] )?\[( \.\.\. \d+ more items? )?\]$/.test(shown)
}
