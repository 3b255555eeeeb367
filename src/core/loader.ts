import { describe, InvalidOptionError } from './errors.ts'
import type { UserFunction } from './settings.ts'

/** Only a function that gives the same output each time can be cached; a class or a generator does not. */
export function requireLoader(loader: unknown): UserFunction<unknown> {
  if (typeof loader !== 'function') {
    throw new InvalidOptionError(`The loader is ${describe(loader)}: give the function whose outputs are to be kept.`)
  }
  const source = Function.prototype.toString.call(loader)
  if (/^class\b/.test(source)) {
    throw new InvalidOptionError(`The loader is the class ${loader.name}: give a function that makes the instance.`)
  }
  if (/Generator/.test(Object.prototype.toString.call(loader))) {
    throw new InvalidOptionError(
      `The loader ${loader.name} is a generator function, whose output can be read only once: give a function ` +
        'that returns an array.',
    )
  }
  return loader as UserFunction<unknown>
}
