import { createHash, randomUUID } from 'node:crypto'
import { RefusedEntryError } from '../core/tier.ts'
import type { RedisScripts } from './redis-client.ts'
import type { StoreLease, TierStore } from './tier-store.ts'

/** For how many milliseconds it is known that an entry was removed: longer than any load that began before that. */
const REMOVED_LIFE = 3_600_000

/** What a server is sent once, and is named by its SHA-1 from then on. */
interface Script {
  readonly text: string
  readonly digest: string
}

function script(text: string): Script {
  return { text, digest: createHash('sha1').update(text).digest('hex') }
}

/** The entry, or how many bytes it has if it has too many. */
const READ = script(`
local length = redis.call('STRLEN', KEYS[1])
if length > tonumber(ARGV[1]) then return length end
return redis.call('GET', KEYS[1])`)

/** What stands in the place of a lease that was abandoned. */
const ABANDONED = 'abandoned'

/**
 * Why there is no lease. Otherwise which removal was the last one, if any was: a load that begins now comes after it. The
 * lease says so behind its token: who had it before a removal cannot write any more, so that there is nothing to wait for,
 * and the next one takes it over.
 */
const LEASE = script(`
local removed = redis.call('GET', KEYS[2]) or ''
local lease = ARGV[1] .. removed
if redis.call('SET', KEYS[1], lease, 'NX', 'PX', ARGV[2]) then return removed end
local held = redis.call('GET', KEYS[1])
if held == '${ABANDONED}' then return 1 end
if string.sub(held, #ARGV[1] + 1) == removed then return 0 end
redis.call('SET', KEYS[1], lease, 'PX', ARGV[2])
return removed`)

/**
 * Writes if the lease is still held, and nothing was removed since it was given:
 *
 *   1. process A gets the lease, and begins to load
 *   2. process B writes to the database, calls `invalidate`, and the entry is removed
 *   3. process C sees another version, loads and writes
 *   4. A has what it read before: that must not be found any more, whatever its version says, and whatever was written since
 */
const WRITE = script(`
if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[2])
if (redis.call('GET', KEYS[3]) or '') ~= ARGV[2] then return 0 end
if ARGV[4] == '' then redis.call('SET', KEYS[1], ARGV[3]) else redis.call('SET', KEYS[1], ARGV[3], 'PX', ARGV[4]) end
return 1`)

const REMOVE = script(`
redis.call('DEL', KEYS[1])
redis.call('SET', KEYS[2], ARGV[1], 'PX', ${REMOVED_LIFE})`)

const RENEW = script(`
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])`)

const ABANDON = script(`
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('SET', KEYS[1], '${ABANDONED}', 'PX', ARGV[2]) end`)

const RELEASE = script(`
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end`)

/**
 * @see https://redis.io/docs/latest/commands/set/ for locks by `NX` and a token. One server is asked, so two processes
 * may have a lease when it fails over or loses its data: then both load, and both are right.
 */
export function redisStore(scripts: RedisScripts): TierStore {
  const run = runnerOf(scripts)
  return {
    async read(key, maxBytes) {
      const found = await refusingOtherTypes(run(READ, [key], [String(maxBytes)]))
      if (found === null || found === undefined) return undefined
      if (typeof found === 'string') return found
      throw new RefusedEntryError(`it has ${found} bytes, more than "maxEntrySize"`)
    },
    async remove(key) {
      await run(REMOVE, [key, removalOf(key)], [randomUUID()])
    },
    async lease(key, purpose, milliseconds) {
      const [own, token] = [`${key}:${purpose}`, randomUUID()]
      const removed = await run(LEASE, [own, removalOf(key)], [token, String(milliseconds)])
      if (typeof removed === 'string') {
        return leaseOf(run, { entry: key, own, token: token + removed, removed, milliseconds })
      }
      return removed === 1 ? 'abandoned' : 'held'
    },
  }
}

/** Where it stands which removal of an entry was the last one. A purpose is never called so. */
function removalOf(key: string): string {
  return `${key}:removed`
}

type Run = (script: Script, keys: string[], args: string[]) => Promise<unknown>

function runnerOf(scripts: RedisScripts): Run {
  return async ({ text, digest }, keys, args) => {
    try {
      return await scripts.runKnown(digest, keys, args)
    } catch (error) {
      if (!/^NOSCRIPT/.test(String((error as Error)?.message))) throw error
      return scripts.run(text, keys, args)
    }
  }
}

interface HeldLease {
  /** The key of the entry. */
  readonly entry: string
  /** The key of the lease itself. */
  readonly own: string
  /** What stands there while it is held. */
  readonly token: string
  /** Which removal was the last one when it was given. */
  readonly removed: string
  readonly milliseconds: number
}

function leaseOf(run: Run, { entry, own, token, removed, milliseconds }: HeldLease): StoreLease {
  const keys = [entry, own, removalOf(entry)]
  return {
    renew: async () => (await run(RENEW, [own], [token, String(milliseconds)])) === 1,
    write: async (text, lifetime) => (await run(WRITE, keys, [token, removed, text, lifeOf(lifetime)])) === 1,
    async release() {
      await run(RELEASE, [own], [token])
    },
    async abandon(forHowLong) {
      await run(ABANDON, [own], [token, String(forHowLong)])
    },
  }
}

/** In whole milliseconds; nothing for ever. */
function lifeOf(lifetime: number): string {
  return lifetime === Number.POSITIVE_INFINITY ? '' : String(Math.ceil(lifetime))
}

async function refusingOtherTypes<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer
  } catch (error) {
    if (!/WRONGTYPE/.test(String((error as Error)?.message))) throw error
    throw new RefusedEntryError('it is no string: somebody else has written it', { cause: error })
  }
}
