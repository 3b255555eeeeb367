/**
 * What every error of this library has in common: a `code` that does not change between releases, and a
 * message that says what came, what was wanted and what to do.
 */
export abstract class VersionedLruCacheError extends Error {
  abstract readonly code: string

  override get name(): string {
    return this.constructor.name
  }
}

/** An option of a cached function is unknown or has a value that cannot be used. Thrown when wrapping. */
export class InvalidOptionError extends VersionedLruCacheError {
  override readonly code = 'ERR_INVALID_OPTION'
}

/** What was given as a session cannot carry one: a primitive, a frozen object, a store that forgets. */
export class InvalidSessionError extends VersionedLruCacheError {
  override readonly code = 'ERR_INVALID_SESSION'
}

/** An argument cannot be told apart safely from another one, so the call has no key. */
export class UnkeyableArgumentError extends VersionedLruCacheError {
  override readonly code = 'ERR_UNKEYABLE_ARGUMENT'
  /** Where the offending part is: `argument 0.user.socket`. */
  readonly path: string

  constructor(path: string, problem: string) {
    super(`${path} ${problem}`)
    this.path = path
  }
}

/** A `key` function returned something that is not a key. */
export class InvalidKeyError extends VersionedLruCacheError {
  override readonly code = 'ERR_INVALID_KEY'
}

/** A version function returned something that cannot be compared for equality. */
export class InvalidVersionError extends VersionedLruCacheError {
  override readonly code = 'ERR_INVALID_VERSION'
}

/** A check took longer than `versionTimeout`. The next call checks again. */
export class VersionTimeoutError extends VersionedLruCacheError {
  override readonly code = 'ERR_VERSION_TIMEOUT'
}

/** A tier did not answer within `tierTimeout`. No call fails with it: it is in the event `tierFailed`. */
export class TierTimeoutError extends VersionedLruCacheError {
  override readonly code = 'ERR_TIER_TIMEOUT'
}

/** Two cached functions with a tier have the same name, so that one would get the outputs of the other. */
export class DuplicateNameError extends VersionedLruCacheError {
  override readonly code = 'ERR_DUPLICATE_NAME'
}

/** A load needs its own result: the cached function calls itself with the same arguments. */
export class LoadCycleError extends VersionedLruCacheError {
  override readonly code = 'ERR_LOAD_CYCLE'
}

/** With `freeze`, an output has a part that cannot be frozen: a typed array, an `ArrayBuffer`. */
export class UnfreezableOutputError extends VersionedLruCacheError {
  override readonly code = 'ERR_UNFREEZABLE_OUTPUT'
}

/** Something was to depend on the version of a call, but names no call of a cached function that has a version. */
export class InvalidDependencyError extends VersionedLruCacheError {
  override readonly code = 'ERR_INVALID_DEPENDENCY'
}

/** What `readConsistently` read has moved each time before all of it was read. */
export class ReadConflictError extends VersionedLruCacheError {
  override readonly code = 'ERR_READ_CONFLICT'
  /** What has moved during the last attempt: `orders("eu")`. */
  readonly moved: readonly string[]

  constructor(message: string, moved: readonly string[]) {
    super(message)
    this.moved = moved
  }
}

/** The decorator was put on something that is not a method, or a decorated method lost its instance. */
export class InvalidDecoratorTargetError extends VersionedLruCacheError {
  override readonly code = 'ERR_INVALID_DECORATOR_TARGET'
}

/** Says what a value is, for an error message: `"eu" (a string)`, `a Socket`, `null`, `NaN`. */
export function describe(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return `${JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value)} (a string)`
    case 'function':
      return value.name === '' ? 'a function' : `the function ${value.name}`
    case 'object':
      return value === null ? 'null' : describeObject(value)
    case 'bigint':
      return `${value}n`
    default:
      return Object.is(value, -0) ? '-0' : String(value)
  }
}

function describeObject(value: object): string {
  if (Array.isArray(value)) return 'an array'
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype === null || prototype === Object.prototype) return 'an object'
  const name = value.constructor?.name || 'nameless class'
  return `${/^[AEIO]/i.test(name) ? 'an' : 'a'} ${name}`
}

/** What an error says, whatever was thrown. */
export function messageOf(error: unknown): string {
  return String((error as Error | null | undefined)?.message)
}

/**
 * @param others what is left of an object when its known options have been taken out.
 * @param known their names, as people read them: `"name", "timeout"`.
 * @throws {InvalidOptionError} when anything is left.
 */
export function refuseOthers(others: object, known: string): void {
  const [unknown] = Object.keys(others)
  if (unknown !== undefined) throw new InvalidOptionError(`There is no option "${unknown}". The options are ${known}.`)
}
