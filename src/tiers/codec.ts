import { Buffer } from 'node:buffer'
import { createRequire } from 'node:module'
import { InvalidOptionError } from '../core/errors.ts'
import { requireFaithful } from './faithful.ts'

/** Makes a text of an output, or bytes, and the output of those. `JSON` is one, for outputs that are plain JSON. */
export interface Codec {
  /** @throws for what it cannot carry. */
  stringify(value: unknown): string | Uint8Array
  /** @throws for what it has not made. */
  parse(text: never): unknown
}

/** What is used of the package `devalue`. */
export interface Devalue {
  stringify(value: unknown, reducers: Record<string, (value: unknown) => unknown>): string
  parse(text: string, revivers: Record<string, (value: unknown) => unknown>): unknown
}

/**
 * What comes back is what went in, references included: primitives, plain objects, arrays, `Date`, `Map`, `Set`, typed
 * arrays and `Buffer`. Everything else is refused, so no class is ever revived.
 *
 * @param devalue the package of that name, for programs that are bundled; others need not give it.
 * @example
 * const tier = redisTier(client, { prefix: 'shop', codec: devalueCodec(devalue) }) // where devalue is the imported package
 */
export function devalueCodec(devalue: Devalue): Codec {
  return {
    stringify(value) {
      requireFaithful(value)
      return devalue.stringify(value, { Buffer: (item) => Buffer.isBuffer(item) && [item.toString('base64')] })
    },
    parse: (text: string) => devalue.parse(text, { Buffer: (list) => Buffer.from((list as [string])[0], 'base64') }),
  }
}

/**
 * @param load brings a package.
 * @throws {InvalidOptionError} when that is not there.
 */
export function defaultCodec(load: (name: string) => unknown = createRequire(import.meta.url)): Codec {
  try {
    return devalueCodec(load('devalue') as Devalue)
  } catch (cause) {
    throw new InvalidOptionError(
      'A tier takes the package "devalue", which is not there: install it, or give another "codec", such as JSON.',
      { cause },
    )
  }
}
