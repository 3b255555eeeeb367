import { Buffer } from 'node:buffer'
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import { deflateRaw, inflateRaw } from 'node:zlib'
import { describe, messageOf } from '../core/errors.ts'
import { isThenable } from '../core/thenable.ts'
import { type NewTierEntry, NotSharedError, RefusedEntryError, type TierAddress, type TierEntry } from '../core/tier.ts'
import type { Codec } from './codec.ts'
import {
  type ArgumentsCodec,
  type BodyKind,
  type EntryHeader,
  isSameAddress,
  readHeader,
  writeHeader,
} from './entry-header.ts'

/** Changes whenever what stands behind it is written in another way. */
const FORMAT = 'vlc1'

export interface TextSettings {
  readonly codec: Codec
  /** Bytes of an output above which it is compressed. */
  readonly compressAbove: number
  /** The first signs, each may have signed; none for a mere digest. */
  readonly secrets: readonly string[]
  /** Bytes of a text, and of an output when it is inflated. */
  readonly maxEntrySize: number
}

/**
 * Entries as texts: the format and a digest of all that follows, a header, the output.
 *
 *     vlc1 J7aX…
 *     {"name":"report","key":"eu","version":7,"readAt":1764201600000}
 *     {"total":42}
 */
export class EntryText {
  readonly #settings: TextSettings
  readonly #args: ArgumentsCodec

  constructor(settings: TextSettings) {
    this.#settings = settings
    this.#args = {
      write: (args) => {
        const text = this.#stringify(args)
        return typeof text === 'string' ? text : { base64: bodyText(text) }
      },
      read: (written) => this.#parse(typeof written === 'string' ? written : bytesOf(written.base64)),
    }
  }

  /**
   * The output is written before this returns, since others may change it then.
   *
   * @throws {NotSharedError} for what the codec cannot carry, or what gets too large, by the promise.
   */
  async write(address: TierAddress, entry: NewTierEntry): Promise<string> {
    const { compressAbove } = this.#settings
    const output = this.#stringify(entry.output)
    const isBytes = typeof output !== 'string'
    const length = Buffer.byteLength(output)
    this.#requireFit(length) // before it is deflated: nobody would inflate it
    const isDeflated = length > compressAbove
    const header = this.#writeHeader({ ...entry, address, body: { isBytes, isDeflated } })
    const body = isDeflated ? (await deflated(output)).toString('base64') : bodyText(output)
    const signed = `${header}\n${body}`
    const text = `${FORMAT} ${this.#digest(signed, this.#settings.secrets[0])}\n${signed}`
    this.#requireFit(Buffer.byteLength(text))
    return text
  }

  #requireFit(size: number): void {
    const { maxEntrySize } = this.#settings
    if (size <= maxEntrySize) return
    throw new NotSharedError(`it takes ${size} bytes, which is more than "maxEntrySize" (${maxEntrySize})`)
  }

  /** @throws {RefusedEntryError} for what is not written by us, or not for this address. */
  read(address: TierAddress, text: string): TierEntry {
    const [first, header, bodyAt] = linesOf(text)
    const [format, digest] = first.split(' ')
    if (format !== FORMAT) throw new RefusedEntryError('it is not an entry of this format')
    if (!this.#isSigned(text.slice(first.length + 1), digest)) {
      throw new RefusedEntryError('its digest is wrong: it is damaged, or somebody else has written it')
    }
    const { address: own, body, ...entry } = this.#readHeader(header)
    if (!isSameAddress(own, address)) throw new RefusedEntryError('it is the entry of another call')
    return { ...entry, output: () => this.#readOutput(text.slice(bodyAt), body) }
  }

  #stringify(output: unknown): string | Uint8Array {
    let text: unknown
    try {
      text = this.#settings.codec.stringify(output)
    } catch (error) {
      throw notCarried(error)
    }
    if (typeof text === 'string') return requireWhole(text)
    if (text instanceof Uint8Array) return text
    ignore(text)
    throw new NotSharedError(`the codec gave ${describe(text)} for it, which is neither a string nor bytes`)
  }

  /** @throws for what is yet to come: nobody could say for how long a call would wait for it. */
  #parse(text: string | Uint8Array): unknown {
    const output = this.#settings.codec.parse(text as never)
    if (!isThenable(output)) return output
    ignore(output)
    throw new RefusedEntryError(`the codec gave ${describe(output)}`)
  }

  #writeHeader(header: EntryHeader): string {
    try {
      return writeHeader(header, this.#args)
    } catch (error) {
      throw notCarried(error)
    }
  }

  #readHeader(line: string): EntryHeader {
    try {
      return readHeader(line, this.#args)
    } catch (cause) {
      throw new RefusedEntryError('its header cannot be read', { cause })
    }
  }

  async #readOutput(body: string, { isBytes, isDeflated }: BodyKind): Promise<unknown> {
    const { maxEntrySize } = this.#settings
    try {
      if (!isDeflated) return this.#parse(isBytes ? bytesOf(body) : body)
      const bytes = await inflated(bytesOf(body), { maxOutputLength: maxEntrySize })
      return this.#parse(isBytes ? bytes : bytes.toString())
    } catch (cause) {
      throw new RefusedEntryError(`its output cannot be read: ${messageOf(cause)}`, { cause })
    }
  }

  #isSigned(text: string, digest = ''): boolean {
    const { secrets } = this.#settings
    const given = Buffer.from(digest, 'base64url')
    return (secrets.length === 0 ? [undefined] : secrets).some((secret) => {
      const wanted = Buffer.from(this.#digest(text, secret), 'base64url')
      return wanted.length === given.length && timingSafeEqual(wanted, given)
    })
  }

  /** @see RFC 2104 for HMAC. A mere digest finds what was damaged, a signed one also what was forged. */
  #digest(text: string, secret: string | undefined): string {
    const hash = secret === undefined ? createHash('sha256') : createHmac('sha256', secret)
    return hash.update(text).digest('base64url')
  }
}

const deflated = promisify(deflateRaw) as (input: string | Uint8Array) => Promise<Buffer>
const inflated = promisify(inflateRaw) as (input: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>

/** In UTF-8 all halves of characters are the same, so an output would come back as another one, with a right digest. */
function requireWhole(text: string): string {
  if ((text as string & { isWellFormed(): boolean }).isWellFormed()) return text
  throw new NotSharedError('the codec gave text with half a character (a lone surrogate), which gets lost on the way')
}

/** What a codec has promised, and nobody waits for, may fail. */
function ignore(given: unknown): void {
  Promise.resolve(given).catch(() => undefined)
}

function bodyText(output: string | Uint8Array): string {
  return typeof output === 'string' ? output : Buffer.from(output).toString('base64')
}

function bytesOf(text: string): Buffer {
  return Buffer.from(text, 'base64')
}

function linesOf(text: string): [first: string, header: string, bodyAt: number] {
  const first = text.indexOf('\n')
  const second = text.indexOf('\n', first + 1)
  return [text.slice(0, first), text.slice(first + 1, second), second + 1]
}

function notCarried(error: unknown): NotSharedError {
  if (error instanceof NotSharedError) return error
  return new NotSharedError(`the codec cannot carry it: ${messageOf(error)}`, { cause: error })
}
