import type { ReadMany } from './batches.ts'
import { describe, InvalidOptionError, refuseOthers } from './errors.ts'
import { isTimeout, TIMEOUT_WANTED } from './timeout.ts'

/** The options of a version source, once they are known to be good. */
export interface SourceSettings {
  readonly name: string
  readonly read: (value: never) => unknown
  readonly readMany: ReadMany<never> | undefined
  readonly timeout: number
  readonly database?: object
}

/** @throws {InvalidOptionError} for an option that is missing, unknown or cannot be used. */
export function readSourceOptions(options: unknown): SourceSettings {
  if (typeof options !== 'object' || options === null) {
    throw new InvalidOptionError(`The options are ${describe(options)}: give an object such as { name, read }.`)
  }
  const { name, read, readMany, timeout = 10_000, ...others } = options as Record<string, unknown>
  refuseOthers(others, '"name", "read", "readMany", "timeout"')
  if (typeof name !== 'string' || name === '') {
    throw new InvalidOptionError(`The option "name" is ${describe(name)}: give a string that is not empty.`)
  }
  for (const [option, value] of Object.entries({ read, readMany })) {
    if (value !== undefined && typeof value !== 'function') {
      throw new InvalidOptionError(`The option "${option}" is ${describe(value)}: give a function.`)
    }
  }
  if ((read === undefined) === (readMany === undefined)) {
    const has = read === undefined ? 'neither "read" nor "readMany"' : 'both "read" and "readMany"'
    throw new InvalidOptionError(`The version source ${name} has ${has}: give one of the two functions.`)
  }
  if (!isTimeout(timeout)) {
    throw new InvalidOptionError(`The option "timeout" is ${describe(timeout)}: give ${TIMEOUT_WANTED}.`)
  }
  return { name, read, readMany, timeout } as SourceSettings
}
