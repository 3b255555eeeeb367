import type { Dependency, DependencyVersions } from '../core/dependency.ts'
import { describe, InvalidDependencyError } from '../core/errors.ts'
import { keyOf } from '../core/key.ts'
import { Session, type SessionHolder } from '../core/session.ts'
import { entityTag, isListed } from './entity-tag.ts'
import { type ConditionalOptions, type ConditionalSettings, readConditionalOptions } from './options.ts'

/** What a route's answer depends on, by the request. */
export type DependsOn<R> = (
  request: R,
) => Dependency | readonly Dependency[] | PromiseLike<Dependency | readonly Dependency[]>

/** What is looked at of a request. */
export interface RequestHead {
  readonly method: string
  /** A header's value, as one line. */
  header(name: string): string | undefined
}

/** A route that answers conditional requests (RFC 9110, section 13) by the versions that its answer depends on. */
export class ConditionalRoute<R> {
  readonly #dependsOn: DependsOn<R>
  readonly #settings: ConditionalSettings

  /** @throws {InvalidOptionError} for an option that is unknown or cannot be used. */
  constructor(dependsOn: DependsOn<R>, options: ConditionalOptions | undefined) {
    this.#settings = readConditionalOptions(dependsOn, options)
    this.#dependsOn = dependsOn
  }

  /**
   * Pins the versions for the session in which it is called, and says by them what the answer's headers are; undefined
   * for a method to which that does not apply. A version that cannot be had leaves the answer without a tag: the
   * handler will say what is wrong, or does without.
   *
   * What a call is made of, only its output can tell. While nothing of it is kept, the client may know: the tag without
   * any parts goes out only with an output that has none, and at the same version it has none again. If that is not what
   * the client has, it needs an answer, so the call is made, which the handler would make in a moment.
   *
   * @throws {InvalidDependencyError} when the route names no call.
   */
  async validate(request: R, head: RequestHead, holder: SessionHolder): Promise<Validator | undefined> {
    if (head.method !== 'GET' && head.method !== 'HEAD') return undefined
    const dependencies = requireDependencies(await this.#ask(request))
    const validator = (tag: string | undefined) => new Validator(tag, head, Session.of(holder), this.#settings)
    const known = await versionsOf(dependencies, false)
    if (known === undefined) return validator(undefined)
    const first = validator(known.every(({ versions }) => versions.length > 0) ? this.#tagOf(known, head) : undefined)
    if (first.isMatched || known.every(({ areAll }) => areAll)) return first
    const made = await versionsOf(dependencies, true)
    return validator(made?.every(({ areAll }) => areAll) ? this.#tagOf(made, head) : undefined)
  }

  /** An error is an error, whatever was thrown: to a framework, nothing may mean that all is well. */
  async #ask(request: R): Promise<unknown> {
    try {
      return await this.#dependsOn(request)
    } catch (error) {
      if (error instanceof Error) throw error
      throw new InvalidDependencyError(
        `The function that says what a conditional route depends on threw ${describe(error)}: throw an Error.`,
        { cause: error },
      )
    }
  }

  /** Everything by which answers of one URL differ: a client sends the tags of all that it has kept of it. */
  #tagOf(seen: readonly DependencyVersions[], head: RequestHead): string {
    const { salt, vary, strong } = this.#settings
    const versions = seen.flatMap((one) => one.versions).map(({ source, key, version }) => [source, key, version])
    const text = keyOf([salt, vary.map((name) => [name, head.header(name)]), versions])
    const ttl = Math.min(...seen.map((one) => one.ttl ?? Number.POSITIVE_INFINITY))
    return entityTag(String(text), ttl, strong)
  }
}

/** Undefined when one cannot be had. */
async function versionsOf(
  dependencies: readonly Dependency[],
  load: boolean,
): Promise<readonly DependencyVersions[] | undefined> {
  const seen = await Promise.allSettled(dependencies.map(async (dependency) => dependency.pinVersions(load)))
  for (const result of seen) {
    if (result.status === 'rejected' && result.reason instanceof InvalidDependencyError) throw result.reason
  }
  const versions = seen.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
  return versions.length === seen.length ? versions : undefined
}

function requireDependencies(given: unknown): readonly Dependency[] {
  const list: readonly unknown[] = Array.isArray(given) ? given : [given]
  const odd = list.findIndex((item) => !isDependency(item))
  if (list.length > 0 && odd === -1) return list as readonly Dependency[]
  throw new InvalidDependencyError(
    `A conditional route depends on ${list.length === 0 ? 'nothing' : describe(list[odd])}: name the calls that go into ` +
      'its answer, such as report.dependency(id), or a list of them.',
  )
}

function isDependency(item: unknown): boolean {
  return typeof (item as Partial<Dependency> | null | undefined)?.pinVersions === 'function'
}

/** Who speaks for the answer to a request, if several routes on its way have a say: the last. */
const inCharge = new WeakMap<Session, Validator>()

/** What the headers of one answer have to say, and whether the client has that answer already. */
export class Validator {
  /** Undefined when a version could not be had. */
  readonly tag: string | undefined
  readonly vary: readonly string[]
  readonly cacheControl: string | undefined
  readonly #ifNoneMatch: string
  readonly #session: Session
  #isGivenUp = false

  constructor(tag: string | undefined, head: RequestHead, session: Session, settings: ConditionalSettings) {
    this.tag = tag
    this.vary = settings.vary
    this.cacheControl = settings.cacheControl
    this.#session = session
    this.#ifNoneMatch = isLeftToHandler(head) ? '' : (head.header('if-none-match') ?? '')
    inCharge.set(session, this)
  }

  get isInCharge(): boolean {
    return inCharge.get(this.#session) === this
  }

  /** Whether the client has the answer. */
  get isMatched(): boolean {
    return this.tag !== undefined && !this.#session.servedStale && isListed(this.tag, this.#ifNoneMatch)
  }

  /** Whether the client has some answer, and asks whether there is one at all: which only the handler can say. */
  get asksForAny(): boolean {
    return this.#ifNoneMatch.trim() === '*'
  }

  /**
   * Whether the tag may go out with an answer of this status: with a success, so that no client is ever told to go on
   * with an error, and with nothing stale in it. For when the head is about to be written: once the tag has gone out,
   * nothing stale is served to the session any more.
   */
  admits(status: number): boolean {
    if (this.tag === undefined || this.#isGivenUp || !isSuccess(status) || this.#session.servedStale) return false
    this.#session.refuseStale()
    return true
  }

  /** The status that an answer is to have: RFC 9110, section 13.1.2, says what a `*` asks. */
  statusFor(status: number): number {
    return this.asksForAny && !this.#isGivenUp && isSuccess(status) ? 304 : status
  }

  /**
   * The handler has failed. The versions do not stand for what is answered in its place, also when that is called a
   * success: a client would be told to go on with it.
   */
  giveUp(): void {
    this.#isGivenUp = true
  }
}

function isSuccess(status: number): boolean {
  return (status >= 200 && status < 300) || status === 304
}

/**
 * Whether the handler has to answer, whatever the client has. By `Cache-Control: no-cache` a forced reload wants it anew
 * (RFC 2616, section 14.9.4, and the package `fresh`); `If-Match` comes first (RFC 9110, section 13.2.2), and is not ours.
 */
function isLeftToHandler(head: RequestHead): boolean {
  const hasOther = head.header('if-match') !== undefined || head.header('if-unmodified-since') !== undefined
  return hasOther || /(?:^|,)\s*no-cache\s*(?:,|$)/i.test(head.header('cache-control') ?? '')
}
