// What must compile, and, behind `@ts-expect-error`, what must not. Checked by `npm run types`, never run.
import * as devalue from 'devalue'
import { Cluster, Redis } from 'ioredis'
import Keyv from 'keyv'
import { createClient, createCluster, createSentinel } from 'redis'
import {
  type CachedFunction,
  type CacheStats,
  cachedMethod,
  currentSession,
  dependsOn,
  onCacheEvent,
  readConsistently,
  runInSession,
  type Session,
  type Tier,
  type TierStats,
  type Version,
  versionedLruCache,
  versionedLruCacheWithTtl,
  versionSource,
} from '../../src/index.ts'
import { keyvTier } from '../../src/integrations/keyv.ts'
import { devalueCodec, redisTier } from '../../src/integrations/redis.ts'

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
function is<A, B>(_: Equal<A, B>): void {}

const sync = (id: string, page?: number) => ({ id, page })
const async = async (id: string, page?: number) => ({ id, page })
type Page = { id: string; page: number | undefined }

// The result is a promise if and only if one of the two functions gives one.
is<ReturnType<typeof a>, Page>(true)
const a = versionedLruCache(sync, { version: () => 1 })
is<ReturnType<typeof b>, Promise<Page>>(true)
const b = versionedLruCache(sync, { version: async () => 1 })
is<ReturnType<typeof c>, Promise<Page>>(true)
const c = versionedLruCache(async, { version: () => 1 })
is<ReturnType<typeof d>, Promise<Page>>(true)
const d = versionedLruCache(async, { version: async () => 1 })
is<ReturnType<typeof e>, Page>(true)
const e = versionedLruCache(sync)
is<ReturnType<typeof f>, Page | Promise<Page>>(true)
const f = versionedLruCache(sync, { version: (id) => (id === '' ? 1 : Promise.resolve(1)) })
is<ReturnType<typeof g>, Promise<number>>(true)
const g = versionedLruCache((_id: string) => ({}) as PromiseLike<number>, {})

// Parameters, optional ones too, are the loader's; so are those of `version`, `key` and `ttl`.
is<Parameters<typeof a>, [id: string, page?: number | undefined]>(true)
is<Parameters<typeof b>, [id: string, page?: number | undefined]>(true)
versionedLruCache(async, {
  version(...args) {
    is<typeof args, [id: string, page?: number | undefined]>(true)
    return args[0]
  },
  key: (id, page) => [id, page],
  ttl(output) {
    is<typeof output, Page>(true)
    return 5
  },
  maxSize: 5,
  sizeCalculation: (output) => output.id.length,
  eviction: 'sieve',
  equals(kept, loaded) {
    is<[typeof kept, typeof loaded], [Page, Page]>(true)
    return kept.id === loaded.id
  },
  maxStamps: 50,
  verifyVersions: {
    sample: 0.01,
    equals(kept, loaded) {
      is<[typeof kept, typeof loaded], [Page, Page]>(true)
      return kept.id === loaded.id
    },
    grace: undefined,
  },
})
// @ts-expect-error the sample is missing
versionedLruCache(sync, { version: () => 1, verifyVersions: {} })
// @ts-expect-error not an answer
versionedLruCache(sync, { version: () => 1, verifyVersions: { sample: 1, equals: async () => true } })
onCacheEvent((event) => {
  // @ts-expect-error only some events are of an error
  void event.error
  if (event.type === 'outputDiffers') is<typeof event.age, number>(true)
  if (event.type === 'versionReturned') is<[typeof event.version, typeof event.after], [Version, Version]>(true)
  if (event.type === 'lateRead') is<[typeof event.name, typeof event.read], [string, string]>(true)
  if (event.type === 'tooManyStamps') is<typeof event.maxStamps, number>(true)
})
versionedLruCache(sync, { equals: true, maxStamps: undefined })
// @ts-expect-error there is nothing that is never equal: leave it out
versionedLruCache(sync, { equals: false })
// @ts-expect-error not an answer
versionedLruCache(sync, { equals: async () => true })
versionedLruCache(sync, { eviction: undefined })
versionedLruCache({ eviction: 'lru' })
// @ts-expect-error an argument of another type
a(5)
// @ts-expect-error an argument too many
a('x', 1, 2)
// @ts-expect-error an argument too few
a()
// @ts-expect-error the version function takes what the loader takes
versionedLruCache(sync, { version: (id: number) => id })
// @ts-expect-error a Date cannot be compared
versionedLruCache(sync, { version: () => new Date() })
// @ts-expect-error nor can an object, when it has been waited for
versionedLruCache(sync, { version: async () => ({ rows: 1 }) })
// @ts-expect-error another way to evict
versionedLruCache(sync, { eviction: 'fifo' })
// @ts-expect-error a string that may be anything
versionedLruCache(sync, { eviction: 'sieve' as string })
// @ts-expect-error an option that is not there
versionedLruCache(sync, { maxAge: 5 })
// @ts-expect-error a key that is not a primitive
versionedLruCache(sync, { key: (id) => ({ id }) })
// @ts-expect-error not a session
versionedLruCache(sync, { session: 'id' })
// @ts-expect-error not a function
versionedLruCache('report', {})

// Overloads and type parameters are kept where the result stays what it was.
function pick(id: string): string
function pick(id: number): number
function pick(id: string | number): string | number {
  return id
}
const picked = versionedLruCache(pick, { version: () => 1 })
is<typeof one, string>(true)
const one = picked('a')
is<typeof two, number>(true)
const two = picked(1)
const same = versionedLruCache(async <T>(value: T): Promise<T> => value, { version: async () => 1 })
is<typeof kept, Promise<5>>(true)
const kept = same(5 as const)

// `this` is the loader's, in `version` and `key` too.
interface Owner {
  readonly id: string
}
const owned = versionedLruCache(
  function (this: Owner, page: number) {
    return `${this.id}${page}`
  },
  {
    version() {
      return this.id
    },
  },
)
is<ThisParameterType<typeof owned>, Owner>(true)
// @ts-expect-error called without its owner
owned(1)

// The controls.
is<ReturnType<typeof d.peek>, Page | undefined>(true)
is<ReturnType<typeof d.refresh>, Promise<Page>>(true)
is<ReturnType<typeof b.refresh>, Promise<Page>>(true)
is<ReturnType<typeof a.refresh>, Page>(true)
is<ReturnType<typeof a.stats>, CacheStats>(true)
is<typeof a.loader, typeof sync>(true)
is<Parameters<typeof a.invalidate>, [id: string, page?: number | undefined]>(true)
const named: CachedFunction<typeof sync> = a
named.clear()
// @ts-expect-error the loader cannot be replaced
a.loader = sync

// Sessions.
is<typeof inSession, Promise<Page>>(true)
const inSession = runInSession(() => d('x'))
is<ReturnType<typeof currentSession>, Session | undefined>(true)
versionedLruCache(sync, { session: () => currentSession() })
versionedLruCache(sync, { session: new Map() })

// What a loader depends on, by hand: promised if the source gives promises.
const rows = versionSource({ name: 'rows', read: (_id: string) => 1 })
const tables = versionSource({ name: 'tables', readMany: (names: readonly string[]) => names })
const whole = versionSource({ name: 'whole', read: () => 1 })
is<typeof depended, void>(true)
const depended = dependsOn(rows, 'a')
is<ReturnType<typeof dependOnTables>, Promise<void>>(true)
const dependOnTables = () => dependsOn(tables, 'a')
is<typeof current, [number, Promise<Version>, number]>(true)
const current: [number, Promise<Version>, number] = [rows.current('a'), tables.current('a'), whole.current()]
dependsOn(whole)
// @ts-expect-error the key is missing
dependsOn(rows)
// @ts-expect-error a key of another type
dependsOn(rows, 1)
// @ts-expect-error a version function is no source
dependsOn(() => 1)

// Consistent reads give what the function gives, by a promise.
is<typeof consistent, Promise<[Page, Page]>>(true)
const consistent = readConsistently(async (): Promise<[Page, Page]> => [a('x'), await b('x')], { attempts: 2 })
is<typeof consistentSync, Promise<Page>>(true)
const consistentSync = readConsistently(() => a('x'))
// @ts-expect-error not a number
readConsistently(() => a('x'), { attempts: '2' })
// @ts-expect-error an option that is not there
readConsistently(() => a('x'), { retries: 2 })

// With a tier the result is a promise, and where there may be one, it may be one.
declare const tier: Tier
const tiered = versionedLruCache(sync, { name: 'a', version: () => 1, tier })
is<ReturnType<typeof tiered>, Promise<Page>>(true)
is<Parameters<typeof tiered>, Parameters<typeof sync>>(true)
const perhaps = versionedLruCache(sync, { name: 'b', version: () => 1, tier: tier as Tier | undefined })
is<ReturnType<typeof perhaps>, Page | Promise<Page>>(true)
const untiered = versionedLruCache(sync, { name: 'c', version: () => 1, tier: undefined, codeVersion: '1' })
is<ReturnType<typeof untiered>, Page>(true)
const tieredAsync = versionedLruCache(async, { name: 'd', version: async (id) => id.length, tier })
is<ReturnType<typeof tieredAsync>, Promise<Page>>(true)
is<CacheStats['tier'], TierStats | undefined>(true)
redisTier(createClient(), { prefix: 'shop' })
redisTier(createCluster({ rootNodes: [] }), { prefix: 'shop', codec: JSON, secret: ['a', 'b'] })
redisTier(createSentinel({ name: 'm', sentinelRootNodes: [] }), { prefix: 'shop' })
redisTier(new Redis(), { prefix: 'shop', lease: 1 })
redisTier(new Cluster([]), { prefix: 'shop' })
keyvTier(new Keyv(), { prefix: 'shop', codec: devalueCodec(devalue) })
// @ts-expect-error the prefix is missing
redisTier(createClient(), {})
// @ts-expect-error there are no leases
keyvTier(new Keyv(), { prefix: 'shop', lease: 1 })
// @ts-expect-error a client is no tier
versionedLruCache(sync, { name: 'e', tier: createClient() })

// Decorators: nothing needs to be annotated.
class Reports {
  db = { version: (): Version => 1 }

  @versionedLruCache({
    version(id) {
      is<typeof id, string>(true)
      return this.db.version()
    },
    key: (id, page) => [id, page],
    ttl: (output) => output.rows.length,
  })
  async build(_id: string, _page?: number) {
    return { rows: ['a'] }
  }

  @versionedLruCache({ version: () => 1 })
  sync(id: string): string {
    return id
  }

  @versionedLruCache({ name: 'Reports.tiered', version: async () => 1, tier, key: (id) => id })
  async tiered(id: string): Promise<string> {
    return id
  }

  // @ts-expect-error with a tier a synchronous method would give a promise
  @versionedLruCache({ name: 'Reports.tieredSync', tier, key: (id) => id })
  tieredSync(id: string): string {
    return id
  }

  @versionedLruCache({ version: () => 1 })
  generic<T>(value: T): T {
    return value
  }

  @versionedLruCacheWithTtl({ proxyToSessionContextObject: {}, generateVersionFunc: async () => '1' })
  async python(id: string): Promise<string> {
    return id
  }

  // @ts-expect-error a synchronous method cannot have an asynchronous version function: it would give a promise
  @versionedLruCache({ version: async () => 1 })
  wrong(_id: string): number {
    return 1
  }

  // @ts-expect-error there is no such property on the class
  @versionedLruCache({ version() { return this.nothing } }) // biome-ignore format: one line, for the comment above
  missing(_id: string): number {
    return 1
  }

  // @ts-expect-error the method takes a string
  @versionedLruCache({ version: (id: number) => id })
  mismatch(_id: string): number {
    return 1
  }
}
const build = cachedMethod(new Reports(), 'build')
is<Parameters<typeof build.invalidate>, [_id: string, _page?: number | undefined]>(true)
is<ReturnType<typeof build.peek>, { rows: string[] } | undefined>(true)
// @ts-expect-error not a method
cachedMethod(new Reports(), 'db').clear()

// As a decorator of a function, which then says what the types are.
const decorated = versionedLruCache({ version: async (id: string) => id })((id: string) => id.length)
is<ReturnType<typeof decorated>, Promise<number>>(true)
