import type { CarriedStamp } from '../core/carried-stamps.ts'
import type { Key, KeyParts } from '../core/key.ts'
import type { Primitive } from '../core/key-writer.ts'
import type { TierAddress } from '../core/tier.ts'
import type { Version } from '../core/version.ts'

/** All that an entry holds but its output: what it is by, and how the output is written. */
export interface EntryHeader {
  readonly address: TierAddress
  readonly version: Version
  readonly readAt: number
  readonly exact: boolean
  readonly stamps: readonly (readonly CarriedStamp[])[]
  readonly body: BodyKind
}

/** How an output is written. */
export interface BodyKind {
  /** Whether the codec gave bytes. */
  readonly isBytes: boolean
  readonly isDeflated: boolean
}

/** Writes the arguments of calls, which may be anything that an output may be. */
export interface ArgumentsCodec {
  write(args: readonly (readonly unknown[])[]): WrittenArguments
  /** @throws for what it has not written. */
  read(written: WrittenArguments): unknown
}

/** Text, or bytes as text. */
type WrittenArguments = string | { readonly base64: string }

/** One line of JSON. */
export function writeHeader(
  { address, version, readAt, exact, stamps, body }: EntryHeader,
  codec: ArgumentsCodec,
): string {
  const args: (readonly unknown[])[] = []
  const written = stamps.map((wave) => wave.map((stamp) => writeStamp(stamp, args)))
  return JSON.stringify({
    name: address.name,
    codeVersion: address.codeVersion,
    key: writeParts(address.key),
    version: writeParts(version),
    readAt,
    exact: exact || undefined,
    stamps: written.length === 0 ? undefined : written,
    args: args.length === 0 ? undefined : codec.write(args),
    bytes: body.isBytes || undefined,
    deflated: body.isDeflated || undefined,
  })
}

/** @throws for what {@link writeHeader} has not written. */
export function readHeader(line: string, codec: ArgumentsCodec): EntryHeader {
  const { name, codeVersion, key, version, readAt, exact, stamps, args, bytes, deflated } = JSON.parse(line)
  const allArgs = args === undefined ? [] : (codec.read(args) as unknown[][])
  return {
    address: { name, codeVersion, key: readParts(key) as Key },
    version: readParts(version),
    readAt: requireNumber(readAt),
    exact: exact === true,
    stamps: (stamps ?? []).map((wave: WrittenStamp[]) => wave.map((stamp) => readStamp(stamp, allArgs))),
    body: { isBytes: bytes === true, isDeflated: deflated === true },
  }
}

/** In place of the arguments of a call stands which of all lists of arguments it is. */
type WrittenStamp = { readonly [name: string]: unknown }

function writeStamp(stamp: CarriedStamp, args: (readonly unknown[])[]): WrittenStamp {
  if ('source' in stamp) return { ...stamp, value: writeParts(stamp.value), version: writeParts(stamp.version) }
  const { version, key, readAt, expiresAt } = stamp
  return {
    ...stamp,
    key: writeParts(key),
    args: args.push(stamp.args) - 1,
    version: version && { version: writeParts(version.version) },
    readAt: writePart(readAt),
    expiresAt: writePart(expiresAt),
  }
}

function readStamp(written: WrittenStamp, allArgs: readonly unknown[][]): CarriedStamp {
  if ('source' in written) {
    const { source, value, version, exact } = written
    return { source: String(source), value: readParts(value), version: readParts(version), exact: exact === true }
  }
  const { call, codeVersion, key, args, version, hasSources, readAt, expiresAt, exact } = written
  return {
    call: String(call),
    codeVersion: codeVersion as string | undefined,
    key: readParts(key) as Key,
    args: [...(allArgs[args as number] as unknown[])],
    version: version === undefined ? undefined : { version: readParts((version as { version: unknown }).version) },
    hasSources: hasSources === true,
    readAt: requireNumber(readPart(readAt)),
    expiresAt: requireNumber(readPart(expiresAt)),
    exact: exact === true,
  }
}

/** JSON has no `undefined`, no bigint, and not all numbers: those stand in an object, whose only name is their type. */
function writePart(part: Primitive): unknown {
  if (part === undefined) return { undefined: '' }
  if (typeof part === 'bigint') return { bigint: String(part) }
  if (typeof part === 'number' && (!Number.isFinite(part) || Object.is(part, -0))) {
    return { number: Object.is(part, -0) ? '-0' : String(part) }
  }
  return part
}

export function writeParts(parts: KeyParts): unknown {
  return Array.isArray(parts) ? parts.map(writePart) : writePart(parts as Primitive)
}

function readPart(written: unknown): Primitive {
  if (typeof written !== 'object' || written === null) return written as Primitive
  const [[type, text]] = Object.entries(written) as [[string, string]]
  if (type === 'bigint') return BigInt(text)
  return type === 'number' ? Number(text) : undefined
}

function readParts(written: unknown): KeyParts {
  return Array.isArray(written) ? Object.freeze(written.map(readPart)) : readPart(written)
}

function requireNumber(value: unknown): number {
  if (typeof value === 'number') return value
  throw new TypeError('not a number')
}

export function isSameAddress(a: TierAddress, b: TierAddress): boolean {
  return a.name === b.name && a.codeVersion === b.codeVersion && Object.is(a.key, b.key)
}
