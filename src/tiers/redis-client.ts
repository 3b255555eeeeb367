import { describe, InvalidOptionError } from '../core/errors.ts'

/** What is used of a client of `redis`, or of a cluster or Sentinel of it. */
export interface NodeRedisClient {
  eval(script: string, options: { keys: string[]; arguments: string[] }): PromiseLike<unknown>
  evalSha(digest: string, options: { keys: string[]; arguments: string[] }): PromiseLike<unknown>
}

/** What is used of a client of `ioredis` or `iovalkey`, or of a cluster of it. */
export interface IoredisClient {
  eval(script: string, numberOfKeys: number, ...keysAndArguments: string[]): PromiseLike<unknown>
  evalsha(digest: string, numberOfKeys: number, ...keysAndArguments: string[]): PromiseLike<unknown>
  defineCommand(name: string, definition: { lua: string }): void
}

/** Runs Lua scripts. All keys of one are on one node. */
export interface RedisScripts {
  /** @param digest the SHA-1 of a script that the server has got before; otherwise it answers `NOSCRIPT`. */
  runKnown(digest: string, keys: string[], args: string[]): Promise<unknown>
  run(script: string, keys: string[], args: string[]): Promise<unknown>
}

/** @throws {InvalidOptionError} for what is no client. */
export function scriptsOf(client: unknown): RedisScripts {
  if (typeof (client as NodeRedisClient | undefined)?.eval !== 'function') throw noClient(client)
  if (isIoredis(client)) {
    return {
      runKnown: async (digest, keys, args) => client.evalsha(digest, keys.length, ...keys, ...args),
      run: async (script, keys, args) => client.eval(script, keys.length, ...keys, ...args),
    }
  }
  const nodeRedis = client as NodeRedisClient
  return {
    runKnown: async (digest, keys, args) => nodeRedis.evalSha(digest, { keys, arguments: args }),
    run: async (script, keys, args) => nodeRedis.eval(script, { keys, arguments: args }),
  }
}

/** @throws {InvalidOptionError} for what is no client, or cannot run a script that it has sent before. */
export function knownScriptsOf(client: unknown): RedisScripts {
  const scripts = scriptsOf(client)
  const { evalsha, evalSha } = client as Partial<IoredisClient & NodeRedisClient>
  if (typeof (isIoredis(client) ? evalsha : evalSha) === 'function') return scripts
  throw noClient(client)
}

function noClient(client: unknown): InvalidOptionError {
  return new InvalidOptionError(`The client is ${describe(client)}: give one of "redis" or "ioredis".`)
}

function isIoredis(client: unknown): client is IoredisClient {
  return 'defineCommand' in (client as object)
}
