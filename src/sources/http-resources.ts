import { createHash, randomUUID } from 'node:crypto'
import { InvalidVersionError } from '../core/errors.ts'

/**
 * How old a `Last-Modified` has to be by the answer's own `Date`, in milliseconds. It counts seconds, and the two may
 * come from different clocks; sixty seconds is what HTTP/1.1 took for that.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-8.8.2.2
 * @see https://www.rfc-editor.org/rfc/rfc7232#section-2.2.2
 */
const YOUNG = 60_000

/** How many URLs are remembered with what they answered last. One that is forgotten is asked without a condition. */
const MAX_REMEMBERED = 1000

/**
 * What tells the state of a resource, and of which kind that is:
 *
 * - `etag`: a strong entity tag. Each other content has another one.
 * - `weak etag`: contents that the server takes for equivalent have the same one.
 * - `last-modified`: a time in seconds, old enough to be told from any other.
 * - `sha-256`: the hash of the content, with `hash` only.
 * - `once`: nothing tells it, so no two checks have the same one.
 *
 * After a redirect there is the URL that was reached as well.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-8.8
 */
export type HttpVersion = readonly [
  kind: 'etag' | 'weak etag' | 'last-modified' | 'sha-256' | 'once',
  validator: string,
  reached?: string,
]

/** What is used of a `fetch`. */
export type HttpFetch = (
  url: string,
  init: { method: string; headers: Record<string, string>; cache: 'no-store'; signal: AbortSignal },
) => Promise<HttpAnswer>

/** What is used of a response. */
export interface HttpAnswer {
  readonly status: number
  readonly url: string
  readonly redirected: boolean
  readonly headers: { get(name: string): string | null }
  readonly body: AsyncIterable<Uint8Array> | null
}

/** How resources are asked. */
export interface ResourceSettings {
  readonly fetch: HttpFetch
  readonly headers: Readonly<Record<string, string>>
  readonly hash: boolean
  readonly timeout: number
}

/** How a resource is asked the next time. */
interface Memory {
  method: 'HEAD' | 'GET'
  etag: string | undefined
}

/** Resources, and what they have told of themselves. */
export class Resources {
  readonly #settings: ResourceSettings
  readonly #memories = new Map<string, Memory>()

  constructor(settings: ResourceSettings) {
    this.#settings = settings
  }

  /** A request ends with its check: in time or not, read to its end or not. */
  async check(url: string): Promise<HttpVersion> {
    const { timeout } = this.#settings
    const request = new AbortController()
    await undefined // the source's own time limit begins first, so that its error is the one that is told
    const timer = timeout === Number.POSITIVE_INFINITY ? undefined : setTimeout(() => request.abort(), timeout).unref()
    try {
      return await this.#read(url, request.signal)
    } finally {
      clearTimeout(timer)
      request.abort()
    }
  }

  async #read(url: string, signal: AbortSignal): Promise<HttpVersion> {
    const memory = this.#remember(url)
    const answer = await this.#ask(url, memory, signal)
    if (isMissing(answer)) return once()
    const unchanged = answer.status === 304 ? memory.etag : undefined
    if (unchanged === undefined) refuseErrors(answer, url)
    const { hash } = this.#settings
    const version = versionByValidators(answer, unchanged, hash) ?? (hash ? await this.#hash(url, signal) : undefined)
    if (version === undefined) throw new InvalidVersionError(`${show(url)} ${NO_VALIDATOR}`)
    memory.etag = version[0].endsWith('etag') ? version[1] : undefined
    return answer.redirected ? [version[0], version[1], answer.url] : version
  }

  #remember(url: string): Memory {
    const memory = this.#memories.get(url) ?? { method: 'HEAD', etag: undefined }
    this.#memories.delete(url) // so that it is the newest in the map
    this.#memories.set(url, memory)
    const [oldest] = this.#memories.keys()
    if (this.#memories.size > MAX_REMEMBERED) this.#memories.delete(oldest as string)
    return memory
  }

  /**
   * Never by `If-Modified-Since`: to that, many servers answer 304 when an older file was put back (RFC 9110, 13.1.3).
   * A server that has no `HEAD` is asked by `GET` from then on.
   */
  async #ask(url: string, memory: Memory, signal: AbortSignal): Promise<HttpAnswer> {
    const condition = memory.etag === undefined ? {} : { 'if-none-match': memory.etag }
    const answer = await this.#send(memory.method, url, condition, signal)
    if (memory.method === 'GET' || (answer.status !== 405 && answer.status !== 501)) return answer
    memory.method = 'GET'
    return this.#ask(url, memory, signal)
  }

  /** `no-cache` is for the caches on the way, which else may answer with what they have (RFC 9111, 5.2.1.4). */
  #send(method: Memory['method'], url: string, condition: object, signal: AbortSignal): Promise<HttpAnswer> {
    const { fetch, headers } = this.#settings
    const fields = { ...headers, ...condition, 'cache-control': 'no-cache' }
    return fetch(url, { method, headers: fields, cache: 'no-store', signal })
  }

  /** Of what is there now: a version that is older than what is loaded costs a load at the most. */
  async #hash(url: string, signal: AbortSignal): Promise<HttpVersion> {
    const answer = await this.#send('GET', url, {}, signal)
    if (isMissing(answer)) return once()
    refuseErrors(answer, url)
    const hash = createHash('sha256')
    for await (const chunk of answer.body ?? []) hash.update(chunk)
    return ['sha-256', hash.digest('base64url')]
  }
}

const NO_VALIDATOR =
  'has neither an ETag nor a Last-Modified, so nothing tells its version: let the server send one, or give ' +
  '{ hash: true }, by which it is read.'

/** @param unchanged the entity tag that the answer confirms, if it is a 304. It may not repeat it. */
function versionByValidators(
  { headers }: HttpAnswer,
  unchanged: string | undefined,
  isHashed: boolean,
): HttpVersion | undefined {
  const etag = headers.get('etag') ?? unchanged ?? ''
  if (etag.startsWith('"')) return ['etag', etag]
  if (etag !== '' && !isHashed) return ['weak etag', etag]
  const modified = headers.get('last-modified') ?? ''
  if (Date.parse(headers.get('date') ?? '') - Date.parse(modified) >= YOUNG) return ['last-modified', modified]
  return Number.isNaN(Date.parse(modified)) || isHashed ? undefined : once()
}

/**
 * What is missing now may have come and gone since it was missing last, and nothing of it is left that would tell.
 * An entity tag would be that of the page that says so.
 */
function isMissing({ status }: HttpAnswer): boolean {
  return status === 404 || status === 410
}

/** @throws {InvalidVersionError} for an answer that is not about the resource, or not about all of it. */
function refuseErrors({ status }: HttpAnswer, url: string): void {
  if (status >= 200 && status < 300 && status !== 206) return
  throw new InvalidVersionError(
    `${show(url)} answered ${status}, which tells no version: see that the server gives it, and that "headers" has what ` +
      'it asks for.',
  )
}

/** Without its query, which may hold a secret. */
function show(url: string): string {
  const { origin, pathname } = new URL(url)
  return origin + pathname
}

/** A version like no other. */
function once(): HttpVersion {
  return ['once', randomUUID()]
}
