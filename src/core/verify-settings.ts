import { isDeepStrictEqual } from 'node:util'
import { describe, InvalidOptionError } from './errors.ts'
import { isTimeout } from './timeout.ts'

/** How hits are verified. For a first look `{ sample: 0.01 }` is enough. */
export interface VerifyVersions<Output> {
  /** The share of the hits that is loaded again, 0 to 1. With 0 only versions that come back are looked for. */
  sample: number
  /**
   * Whether two outputs are the same, for those that never are in every part (a time of making, an id by chance).
   *
   * @default isDeepStrictEqual of node:util
   * @example (kept, loaded) => kept.total === loaded.total
   */
  equals?: ((kept: Output, loaded: Output) => boolean) | undefined
  /**
   * For how many milliseconds after a load the version has to stand before a difference is reported: how much later
   * than its data a version may come, such as one that is bumped when the write is done.
   *
   * @default 100
   */
  grace?: number | undefined
}

/** The same, with the defaults in place. */
export interface VerifySettings {
  readonly sample: number
  readonly equals: (kept: unknown, loaded: unknown) => unknown
  readonly grace: number
}

/** @throws {InvalidOptionError} for what is missing, unknown or cannot be used. */
export function readVerifySettings(given: object): VerifySettings {
  const { sample, equals = isDeepStrictEqual, grace = 100, ...others } = given as Record<string, unknown>
  const [unknown] = Object.keys(others)
  if (unknown !== undefined) {
    throw new InvalidOptionError(
      `There is no option "verifyVersions.${unknown}". The options are "sample", "equals", "grace".`,
    )
  }
  if (!(typeof sample === 'number' && sample >= 0 && sample <= 1)) {
    throw wrong('sample', sample, 'a share of the hits, 0 to 1, such as 0.01')
  }
  if (typeof equals !== 'function') throw wrong('equals', equals, 'a function of two outputs')
  if (grace !== 0 && !(isTimeout(grace) && Number.isFinite(grace))) {
    throw wrong('grace', grace, 'a bounded number of milliseconds, 0 for none')
  }
  return { sample, equals: equals as VerifySettings['equals'], grace: grace as number }
}

function wrong(option: string, value: unknown, wanted: string): InvalidOptionError {
  return new InvalidOptionError(`The option "verifyVersions.${option}" is ${describe(value)}: give ${wanted}.`)
}
