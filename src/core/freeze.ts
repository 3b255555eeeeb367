import { types } from 'node:util'
import { describe, UnfreezableOutputError } from './errors.ts'
import { step } from './key-writer.ts'

/**
 * Freezes an output with everything in it: arrays, objects and their fields, `Map`, `Set`, `Date`. Functions are
 * left alone, and so is what hides behind a getter or a private field.
 *
 * @throws {UnfreezableOutputError} for binary data; then nothing has been frozen.
 */
export function deepFreeze(output: unknown): void {
  const found = new Map<object, string>()
  collect(output, 'the output', found)
  // A Map visits what is added to it meanwhile, so this walks as deep as the output is, without a stack.
  for (const [object, path] of found) {
    refuseBinary(object, path)
    for (const [name, part] of partsOf(object)) collect(part, `${path}${name}`, found)
  }
  for (const object of found.keys()) freezeOne(object)
}

function collect(value: unknown, path: string, found: Map<object, string>): void {
  if (typeof value === 'object' && value !== null && !found.has(value)) found.set(value, path)
}

function refuseBinary(object: object, path: string): void {
  if (!ArrayBuffer.isView(object) && !types.isAnyArrayBuffer(object)) return
  throw new UnfreezableOutputError(
    `${path} is ${describe(object)}, which cannot be frozen: leave "freeze" off for this function, or give the bytes ` +
      'as a string or an array of numbers.',
  )
}

function* partsOf(object: object): Iterable<[name: string, part: unknown]> {
  for (const key of Reflect.ownKeys(object)) {
    const name = typeof key === 'string' ? step(key) : `[${String(key)}]`
    yield [name, Object.getOwnPropertyDescriptor(object, key)?.value]
  }
  if (types.isMap(object)) {
    for (const [key, value] of object) {
      yield [' (a key of the Map)', key]
      yield ['.get(…)', value]
    }
  }
  if (types.isSet(object)) for (const item of object) yield [' (an item of the Set)', item]
}

/** What Map, Set and Date hold is not in their properties: freezing takes away the methods that change it. */
function freezeOne(object: object): void {
  for (const method of mutatorsOf(object)) {
    if (Object.isExtensible(object)) Object.defineProperty(object, method, { value: refuseChange })
  }
  Object.freeze(object)
}

const DATE_SETTERS = Object.getOwnPropertyNames(Date.prototype).filter((name) => name.startsWith('set'))

function mutatorsOf(object: object): readonly string[] {
  if (types.isMap(object)) return ['set', 'delete', 'clear']
  if (types.isSet(object)) return ['add', 'delete', 'clear']
  return types.isDate(object) ? DATE_SETTERS : []
}

function refuseChange(): never {
  throw new TypeError('This output is shared by all who ask for it, and frozen: change a copy of it.')
}
