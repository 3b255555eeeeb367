import { Buffer } from 'node:buffer'
import { createRequire } from 'node:module'
import { InvalidOptionError } from '../core/errors.ts'
import { kindOf, requireFaithful, VIEWS, type ViewKind } from './faithful.ts'

/** Makes a text of an output, or bytes, and the output of those. `JSON` is one, for outputs that are plain JSON. */
export interface Codec {
  /** @throws for what it cannot carry. */
  stringify(value: unknown): string | Uint8Array
  /** @throws for what it has not made. */
  parse(text: never): unknown
}

/** What `devalue` would revive, and nobody of us has written. */
const NOT_REVIVED = [
  'Object',
  'RegExp',
  'URL',
  'URLSearchParams',
  'Temporal.Duration',
  'Temporal.Instant',
  'Temporal.PlainDate',
  'Temporal.PlainTime',
  'Temporal.PlainDateTime',
  'Temporal.PlainMonthDay',
  'Temporal.PlainYearMonth',
  'Temporal.ZonedDateTime',
]

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
      return devalue.stringify(value, REDUCERS)
    },
    parse: (text: string) => devalue.parse(text, REVIVERS),
  }
}

const REDUCERS = {
  Buffer: (item: unknown) => Buffer.isBuffer(item) && [base64Of(item)],
  Part: (item: unknown) => isPart(item) && [kindOf(item), base64Of(item)],
}

/** What comes is to be believed no more than its digest, which anybody can make where there is no secret. */
const REVIVERS = {
  Buffer: (written: unknown) => bytesOf((written as unknown[])[0]),
  Part: (written: unknown) => partOf((written as unknown[])[0], (written as unknown[])[1]),
  ...Object.fromEntries(NOT_REVIVED.map((kind) => [kind, () => refuse(`it has an instance of ${kind}`)])),
}

/**
 * Of a larger buffer only what the view shows is to leave the process: small `Buffer`s lie together in one of 8 KB, with
 * whatever else was there lately.
 */
function isPart(item: unknown): item is ArrayBufferView {
  return ArrayBuffer.isView(item) && item.byteLength < item.buffer.byteLength
}

function base64Of({ buffer, byteOffset, byteLength }: ArrayBufferView): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('base64')
}

/** Text only: of an object with a `length` it would make as many bytes. */
function bytesOf(text: unknown): Buffer {
  return typeof text === 'string' ? Buffer.from(text, 'base64') : refuse('it has bytes that are no text')
}

function partOf(kind: unknown, text: unknown): unknown {
  if (!VIEWS.includes(kind as ViewKind)) return refuse('it has bytes of an unknown kind')
  const View = globalThis[kind as ViewKind] as unknown as new (buffer: ArrayBufferLike) => unknown
  return new View(Uint8Array.from(bytesOf(text)).buffer)
}

function refuse(problem: string): never {
  throw new TypeError(problem)
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
