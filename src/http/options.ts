import { describe, InvalidOptionError } from '../core/errors.ts'

/** The options of a conditional route. */
export interface ConditionalOptions {
  /**
   * Goes into the tag. Give the id of the build: what is deployed may say the same data in other words.
   *
   * @default none
   */
  salt?: string | number | undefined
  /**
   * Gives a strong tag instead of a weak one (RFC 9110, section 8.8.1): for an answer that is the same to the byte
   * whenever its versions are, see docs/versions-and-http.md.
   *
   * @default false
   */
  strong?: boolean | undefined
  /**
   * The request headers by which the answer differs, such as `Accept-Language`: for `Vary` (RFC 9110, section
   * 12.5.5), and into the tag.
   *
   * @default none
   */
  vary?: string | readonly string[] | undefined
  /**
   * The `Cache-Control` of the answer, unless something else has set one; `false` for none. By `no-cache` a client keeps the
   * answer, and asks each time whether it is still good (RFC 9111, section 5.2.2.4).
   *
   * @default 'no-cache'
   */
  cacheControl?: string | false | undefined
}

/** The options with every default in place. */
export interface ConditionalSettings {
  readonly salt: string | number | undefined
  readonly strong: boolean
  readonly vary: readonly string[]
  readonly cacheControl: string | undefined
}

type Rule = readonly [wanted: string, holds: (value: unknown) => boolean]

/** A name of a header, RFC 9110, section 5.1. `*` is one too, but no answer that varies by anything is ever good again. */
const isHeaderName = (value: unknown): boolean =>
  typeof value === 'string' && /^[\w!#$%&'*+.^`|~-]+$/.test(value) && value !== '*'

const RULES: { readonly [Option in keyof Required<ConditionalOptions>]: Rule } = {
  salt: ['a string or a number, such as the id of the build', (value) => /^(string|number)$/.test(typeof value)],
  strong: ['true or false', (value) => typeof value === 'boolean'],
  vary: [
    'the name of a request header other than "*", or a list of them',
    (value) => (Array.isArray(value) ? value.every(isHeaderName) : isHeaderName(value)),
  ],
  cacheControl: [
    'the value of the header, such as "private, no-cache", or false for none',
    (value) => value === false || (typeof value === 'string' && /^[\t\x20-\x7e]+$/.test(value)),
  ],
}

/** @throws {InvalidOptionError} for the first thing that cannot be used. */
export function readConditionalOptions(dependsOn: unknown, options: unknown = {}): ConditionalSettings {
  if (typeof dependsOn !== 'function') {
    throw new InvalidOptionError(
      `What a conditional route depends on is ${describe(dependsOn)}: give a function of the request, such as ` +
        '(request) => report.dependency(request.params.id).',
    )
  }
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new InvalidOptionError(`The options are ${describe(options)}: give an object such as { salt: buildId }.`)
  }
  for (const [name, value] of Object.entries(options)) if (value !== undefined) checkOption(name, value)
  const { salt, strong = false, vary = [], cacheControl = 'no-cache' } = options as ConditionalOptions
  return {
    salt,
    strong,
    vary: (typeof vary === 'string' ? [vary] : vary).map((name) => name.toLowerCase()),
    cacheControl: cacheControl === false ? undefined : cacheControl,
  }
}

function checkOption(name: string, value: unknown): void {
  if (!Object.hasOwn(RULES, name)) {
    const known = Object.keys(RULES).map((option) => `"${option}"`)
    throw new InvalidOptionError(`There is no option "${name}". The options are ${known.join(', ')}.`)
  }
  const [wanted, holds] = RULES[name as keyof ConditionalOptions]
  if (!holds(value)) throw new InvalidOptionError(`The option "${name}" is ${describe(value)}: give ${wanted}.`)
}
