import { describe, InvalidOptionError, refuseOthers } from '../core/errors.ts'
import { type VersionSource, versionSource } from '../core/version-source.ts'
import { type HttpAnswer, type HttpFetch, type HttpVersion, Resources } from '../sources/http-resources.ts'

export type { HttpAnswer, HttpFetch, HttpVersion }

/** The options of a version source that asks a server. */
export interface HttpVersionOptions {
  /**
   * What people know the source by. It goes into the tags of conditional requests, so it should not change.
   *
   * @default 'http'
   */
  name?: string | undefined
  /**
   * What asks.
   *
   * @default globalThis.fetch
   */
  fetch?: HttpFetch | undefined
  /**
   * Fields to send, such as `authorization` and whatever else selects what the loader gets.
   *
   * @default none
   */
  headers?: Readonly<Record<string, string>> | undefined
  /**
   * Reads the resource and hashes it where its validators do not tell everything: where there are none, where the
   * entity tag is weak, and where `Last-Modified` is less than a minute old.
   *
   * @default false
   */
  hash?: boolean | undefined
  /**
   * How long a check may take, in milliseconds, before its waiters fail with `ERR_VERSION_TIMEOUT` and its request is
   * aborted.
   *
   * @default 10_000
   */
  timeout?: number | undefined
}

/**
 * Makes the version of one resource, whatever a call's arguments are.
 *
 * @throws {InvalidOptionError} for a URL that is none, and an option that is unknown or cannot be used.
 * @example
 * const rates = versionedLruCache(readRates, { version: httpVersion('https://example.org/rates.csv') })
 */
export function httpVersion(url: string | URL, options?: HttpVersionOptions): () => Promise<HttpVersion> {
  const admitted = toUrl(url)
  return makeSource<undefined>(options, (resources) => resources.check(admitted)).of()
}

/**
 * Makes a version source whose key is a URL: by itself the call's first argument, or what `of` makes of the call.
 *
 * @throws {InvalidOptionError} for an option that is unknown or cannot be used; from a call, for a URL that is none.
 * @example
 * const pages = httpVersions()
 * const page = versionedLruCache(render, { version: pages.of((name) => `https://example.org/${name}`) })
 */
export function httpVersions(options?: HttpVersionOptions): VersionSource<string, Promise<HttpVersion>> {
  return makeSource<string>(options, (resources, url) => resources.check(toUrl(url)))
}

function makeSource<K extends string | undefined>(
  options: HttpVersionOptions = {},
  read: (resources: Resources, key: K) => Promise<HttpVersion>,
): VersionSource<K, Promise<HttpVersion>> {
  if (typeof options !== 'object' || options === null) {
    throw new InvalidOptionError(`The options are ${describe(options)}: give an object such as { headers }.`)
  }
  const { name = 'http', fetch = globalThis.fetch, headers = {}, hash = false, timeout = 10_000, ...others } = options
  refuseOthers(others, '"name", "fetch", "headers", "hash", "timeout"')
  if (typeof fetch !== 'function') {
    throw new InvalidOptionError(`The option "fetch" is ${describe(fetch)}: give a function such as the global fetch.`)
  }
  if (typeof headers !== 'object' || headers === null || Symbol.iterator in headers) {
    throw new InvalidOptionError(
      `The option "headers" is ${describe(headers)}: give an object such as { authorization }.`,
    )
  }
  if (typeof hash !== 'boolean') {
    throw new InvalidOptionError(`The option "hash" is ${describe(hash)}: give true or false.`)
  }
  const resources = new Resources({ fetch, headers, hash, timeout })
  return versionSource<K, Promise<HttpVersion>>({ name, timeout, read: async (key) => read(resources, key) })
}

function toUrl(value: unknown): string {
  const isUrl = value instanceof URL || (typeof value === 'string' && URL.canParse(value))
  const url = isUrl ? new URL(value) : undefined
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    const came = url === undefined ? describe(value) : `a URL of ${url.protocol}`
    throw new InvalidOptionError(`The URL is ${came}: give a whole URL of http: or https:.`)
  }
  if (url.username !== '' || url.password !== '') {
    throw new InvalidOptionError(`The URL of ${url.host} has credentials in it: give them in "headers".`)
  }
  return url.href
}
