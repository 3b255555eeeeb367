import { createHash } from 'node:crypto'
import { types } from 'node:util'
import { describe, InvalidKeyError } from './errors.ts'
import { isPrimitive, KeyWriter, type Primitive, writePrimitive } from './key-writer.ts'

/** The identity of a call's arguments; equal by the rules of `Map` if and only if the arguments are equal. */
export type Key = Primitive

/** What a `key` function may return: a primitive, or a list of primitives. */
export type KeyParts = Primitive | readonly Primitive[]

/**
 * A lone primitive is its own key. Everything else is written out as text behind this mark, so that no
 * string argument can be mistaken for written-out arguments.
 */
const WRITTEN = '\0'

/** The key of a call without arguments. */
export const NO_ARGUMENTS: Key = `${WRITTEN}()`

/** A longer key is kept as its SHA-256, so that no argument, however large, is held by its key. */
const MAX_KEY_LENGTH = 16_384

/**
 * Gives the key of a list of arguments.
 *
 * Injective: different arguments have different keys. The order of an object's properties makes no
 * difference; the order of a `Map` or `Set` does, since the loader can see it.
 *
 * @throws {UnkeyableArgumentError} for what cannot be told apart safely, naming the offending part.
 */
export function keyOf(args: readonly unknown[]): Key {
  if (args.length === 0) return NO_ARGUMENTS
  if (args.length === 1 && isItsOwnKey(args[0])) return args[0]
  const key = WRITTEN + new KeyWriter().list('argument ', args)
  return key.length > MAX_KEY_LENGTH ? digestOf(key) : key
}

/** Gives the key of a call, by the user's `key` function if there is one. */
export function keyOfCall(
  key: ((this: unknown, ...args: unknown[]) => unknown) | undefined,
  functionName: string,
  self: unknown,
  args: unknown[],
): Key {
  return key === undefined ? keyOf(args) : keyFromParts(key.apply(self, args), functionName)
}

/** Gives the key for what a user's `key` function returned. */
export function keyFromParts(parts: unknown, functionName: string): Key {
  if (isKeyParts(parts)) return keyOfParts(parts)
  const remedy = types.isPromise(parts) ? 'it must not be asynchronous' : 'pick the parts that matter'
  throw new InvalidKeyError(
    `The "key" function of ${functionName} returned ${describe(parts)}: return a string, number, bigint, ` +
      `boolean, null, undefined or a list of these (${remedy}).`,
  )
}

export function isKeyParts(parts: unknown): parts is KeyParts {
  return isPrimitive(parts) || (Array.isArray(parts) && parts.every(isPrimitive))
}

export function keyOfParts(parts: KeyParts): Key {
  return keyOf([isPrimitive(parts) ? parts : [...parts]])
}

/** The key as people read it: `("eu",2)`. */
export function showKey(key: Key): string {
  return typeof key === 'string' && key.startsWith(WRITTEN) ? key.slice(WRITTEN.length) : `(${writePrimitive(key)})`
}

/** Whether a lone argument needs no writing out, so that `===` tells it from all others of its kind and from all keys. */
export function isItsOwnKey(value: unknown): value is Primitive {
  switch (typeof value) {
    case 'string':
      return value.charCodeAt(0) !== 0 && value.length <= MAX_KEY_LENGTH
    case 'number':
      return !Number.isNaN(value) && !Object.is(value, -0) // `===` denies the one, and takes the other for 0
    case 'bigint':
      return BigInt.asIntN(64, value) === value // a larger one may be of any size
    case 'object':
      return value === null
    default:
      return value === undefined || typeof value === 'boolean'
  }
}

/** A `Map` and `===` take it for 0. */
export const isMinusZero = (value: unknown): boolean => typeof value === 'number' && Object.is(value, -0)

/** Begins like no written key, which begins with a bracket. Hashed as UTF-16: a lone surrogate has no UTF-8. */
function digestOf(key: string): string {
  const digest = createHash('sha256').update(key, 'utf16le').digest('base64')
  return `${WRITTEN}…${key.length} characters with the SHA-256 ${digest}`
}
