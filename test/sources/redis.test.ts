import { randomUUID } from 'node:crypto'
import { Cluster, Redis } from 'ioredis'
import { createClient, createCluster } from 'redis'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { runInSession, versionedLruCache } from '../../src/index.ts'
import {
  bumpLua,
  type IoredisClient,
  type NodeRedisClient,
  type RedisVersions,
  redisVersions,
} from '../../src/integrations/redis.ts'
import { describeFaults, type VersionedSystem } from '../contracts/source-faults.ts'
import { freePort } from '../support/free-port.ts'
import { describeWith } from '../support/installed.ts'
import { installedRedis, type RunningRedis, startRedis } from '../support/redis-server.ts'

/** What the tests do with a client, as its users do. */
interface Connection {
  readonly client: NodeRedisClient | IoredisClient
  get(key: string): Promise<string | null>
  set(key: string, value: string): Promise<unknown>
  /** In one transaction. */
  setAndBump(key: string, value: string, bump: [string, ...string[]]): Promise<unknown>
  /** In one script. */
  runScript(script: string, keys: string[], args: string[]): Promise<unknown>
  close(): void
}

const QUICKLY = () => 5

async function connectNodeRedis(port: number): Promise<Connection> {
  const client = createClient({ socket: { host: '127.0.0.1', port, reconnectStrategy: QUICKLY } })
  client.on('error', () => {}) // what is asked of it says what is wrong
  await client.connect()
  return {
    client,
    get: (key) => client.get(key),
    set: (key, value) => client.set(key, value),
    setAndBump: (key, value, bump) => client.multi().set(key, value).addCommand(bump).exec(),
    runScript: (script, keys, args) => client.eval(script, { keys, arguments: args }),
    close: () => client.destroy(),
  }
}

async function connectIoredis(port: number): Promise<Connection> {
  const client = new Redis({ port, retryStrategy: QUICKLY, maxRetriesPerRequest: null })
  client.on('error', () => {})
  await client.ping()
  return {
    client,
    get: (key) => client.get(key),
    set: (key, value) => client.set(key, value),
    setAndBump: (key, value, [name, ...args]) =>
      client
        .multi()
        .set(key, value)
        .call(name, ...args)
        .exec(),
    runScript: (script, keys, args) => client.eval(script, keys.length, ...keys, ...args),
    close: () => client.disconnect(),
  }
}

const CLIENTS = { redis: connectNodeRedis, ioredis: connectIoredis }

describeWith(await installedRedis(), 'versions in Redis', (path) => {
  let server: RunningRedis
  let clusterNode: Promise<RunningRedis>
  const open: Connection[] = []

  async function startClusterNode(): Promise<RunningRedis> {
    const options = ['--cluster-enabled', 'yes', '--cluster-announce-ip', '127.0.0.1', '--cluster-port']
    const node = await startRedis(path, ...options, String(await freePort()))
    await node.command('CLUSTER', 'ADDSLOTS', ...Array.from({ length: 16_384 }, (_, slot) => String(slot)))
    return node
  }

  beforeAll(async () => {
    clusterNode = startClusterNode() // which takes two seconds to be ready
    server = await startRedis(path)
  })
  afterAll(() => Promise.all([server?.stop(), clusterNode?.then((node) => node.stop())]))
  beforeEach(() => server.command('FLUSHALL'))
  afterEach(() => {
    for (const connection of open.splice(0)) connection.close()
  })

  async function connect(client: keyof typeof CLIENTS = 'ioredis'): Promise<Connection> {
    const connection = await CLIENTS[client](server.port)
    open.push(connection)
    return connection
  }

  /** How often a command was run since the statistics were reset. */
  async function callsOf(command: string): Promise<number> {
    const statistics = String(await server.command('INFO', 'commandstats'))
    return Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(statistics)?.[1] ?? 0)
  }

  /** How many of these versions are different ones. */
  const differentIn = (versions: readonly unknown[]) => new Set(versions.map((version) => String(version))).size

  describe.each(['redis', 'ioredis'] as const)('by way of %s', (name) => {
    let connection: Connection
    let versions: RedisVersions

    beforeEach(async () => {
      connection = await connect(name)
      versions = redisVersions(connection.client)
    })

    it('a version stays until it is bumped, in all processes, and moves with each bump of its key alone', async () => {
      const elsewhere = redisVersions((await connect(name)).client)
      const seen = [await versions('eu')]
      expect(await elsewhere('eu')).toEqual(seen[0])
      const other = await versions('us')
      for (const source of [elsewhere, versions]) {
        await source.bump('eu')
        seen.push(await versions('eu'))
        expect(await elsewhere('eu')).toEqual(seen.at(-1))
      }
      expect(differentIn(seen)).toBe(3)
      expect(await versions('us')).toEqual(other)
    })

    it('a bump of several keys bumps each, a bump without a key all keys of the prefix, and no other prefix', async () => {
      const others = redisVersions(connection.client, { prefix: 'others' })
      const read = () => Promise.all([versions('a'), versions('b'), versions('c'), others('a')])
      const first = await read()
      await versions.bump('a', 'b')
      const second = await read()
      expect(second.map((version, at) => String(version) === String(first[at]))).toEqual([false, false, true, true])
      await versions.bump()
      const third = await read()
      expect(third.map((version, at) => String(version) === String(second[at]))).toEqual([false, false, false, true])
    })

    it('a version moves in the same transaction as its data', async () => {
      const before = await versions('eu')
      await connection.setAndBump('menu', 'new', versions.bumpCommand('eu'))
      expect(await connection.get('menu')).toBe('new')
      expect(await versions('eu')).not.toEqual(before)
    })

    it('a version moves in the same script as its data', async () => {
      const before = await versions('eu')
      const script = `${bumpLua} bumpVersion(KEYS[1], ARGV[1]) redis.call('SET', KEYS[2], ARGV[2])`
      await connection.runScript(script, [versions.redisKey('eu'), 'menu'], [randomUUID(), 'new'])
      expect(await connection.get('menu')).toBe('new')
      expect(await versions('eu')).not.toEqual(before)
    })

    it('a command that is sent twice gives two versions', async () => {
      const command = versions.bumpCommand('eu')
      const seen: unknown[] = []
      for (const bump of [command, versions.bumpCommand('eu'), command]) {
        await connection.setAndBump('menu', 'x', bump)
        seen.push(await versions('eu'))
      }
      expect(differentIn(seen)).toBe(3)
    })

    it('ten functions that are called together in a session make one MGET, in one round trip', async () => {
      const functions = Array.from({ length: 10 }, (_, at) =>
        versionedLruCache(async () => at, { version: versions.of(() => `part ${at}`) }),
      )
      const request = () => runInSession(() => Promise.all(functions.map((cached) => cached())))
      await request()
      await server.command('CONFIG', 'RESETSTAT')
      await request()
      expect([await callsOf('mget'), await callsOf('eval'), await callsOf('set')]).toEqual([1, 1, 0])
    })

    it('an error of Redis passes through, to the check and to the bump', async () => {
      await server.command('ACL', 'SETUSER', 'default', '-eval')
      try {
        await expect(versions('eu')).rejects.toThrow(/NOPERM/)
        await expect(versions.bump('eu')).rejects.toThrow(/NOPERM/)
      } finally {
        await server.command('ACL', 'SETUSER', 'default', '+eval')
      }
      await versions('eu')
    })

    /** What it gives as soon as it works again. */
    async function recovered(): Promise<unknown> {
      for (let attempt = 1; attempt < 100; attempt++) {
        try {
          return await versions('eu')
        } catch (error) {
          expect(error).toBeInstanceOf(Error)
        }
      }
      return versions('eu')
    }

    it('a connection that was killed is made again by the client, and the versions are the same', async () => {
      const before = await versions('eu')
      await server.command('CLIENT', 'KILL', 'TYPE', 'normal')
      expect(await recovered()).toEqual(before)
    })

    it('a server that hangs fails checks and bumps within the timeout, and afterwards they work again', async () => {
      const impatient = redisVersions(connection.client, { name: 'menus', timeout: 20 })
      const before = await versions('eu')
      server.hang()
      try {
        await expect(impatient('eu')).rejects.toMatchObject({
          code: 'ERR_VERSION_TIMEOUT',
          message: expect.stringMatching(/menus did not answer for .*eu.* within 20 ms/),
        })
        await expect(impatient.bump('eu')).rejects.toMatchObject({
          code: 'ERR_VERSION_TIMEOUT',
          message:
            'Redis did not answer a bump of menus within 20 ms, and may have done it or not: bump again, or raise "timeout".',
        })
      } finally {
        server.resume()
      }
      expect(await versions('eu')).not.toEqual(before) // the bump came about
    })

    it('a server that is killed in mid-check fails the check in time, and works again when it is back', async () => {
      const impatient = redisVersions(connection.client, { timeout: 20 })
      const before = await versions('eu')
      server.hang()
      const inMidCheck = expect(impatient('eu')).rejects.toThrow()
      await server.kill()
      await inMidCheck
      await expect(impatient('eu')).rejects.toThrow()
      await server.start()
      expect(await recovered()).not.toEqual(before)
    })
  })

  describe('a version that is lost', () => {
    /** As a server does that has no memory left. */
    async function evictAll(): Promise<void> {
      await server.command('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-random', 'maxmemory', '1')
      await vi.waitFor(async () => expect(await server.command('DBSIZE')).toBe(0))
      await server.command('CONFIG', 'SET', 'maxmemory', '0')
    }

    it.each([
      ['deleted', () => server.command('DEL', '{versions}:eu')],
      ['expired', () => server.command('PEXPIRE', '{versions}:eu', '0')],
      ['deleted with all of its prefix', () => server.command('DEL', '{versions}')],
      ['evicted', evictAll],
      ['emptied out', () => server.command('FLUSHALL')],
    ])('does not come back when it was %s, nor after a bump that follows', async (_how, lose) => {
      const versions = redisVersions((await connect()).client)
      const seen: unknown[] = []
      for (let round = 0; round < 3; round++) {
        seen.push(await versions('eu'))
        await versions.bump('eu')
        seen.push(await versions('eu'))
        await lose()
      }
      expect(differentIn(seen)).toBe(6)
    })

    it('is replaced by one that all who ask agree on', async () => {
      const sources = await Promise.all([connect('redis'), connect('ioredis')])
      const [a, b] = sources.map(({ client }) => redisVersions(client)) as [RedisVersions, RedisVersions]
      const [first, second] = await Promise.all([a('eu'), b('eu')])
      expect(first).toEqual(second)
    })

    it('is kept by Redis for a week', async () => {
      const versions = redisVersions((await connect()).client)
      await versions('asked for')
      await versions.bump('bumped')
      for (const key of ['asked for', 'bumped']) {
        const seconds = Number(await server.command('TTL', versions.redisKey(key)))
        expect(seconds).toBeGreaterThan(604_700)
        expect(seconds).toBeLessThanOrEqual(604_800)
      }
    })
  })

  it('asks no replica, which may be behind', async () => {
    const versions = redisVersions((await connect()).client)
    await server.command('REPLICAOF', '127.0.0.1', '1')
    try {
      await expect(versions('eu')).rejects.toMatchObject({
        code: 'ERR_INVALID_VERSION',
        message: 'The client asks a server whose role is "slave", which may be behind: give a client of the primary.',
      })
    } finally {
      await server.command('REPLICAOF', 'NO', 'ONE')
    }
  })

  it('does not take an old version for a new one when a server takes over and the lost writes are gone', async () => {
    const versions = redisVersions((await connect()).client)
    const before = await versions('eu')
    await server.command('REPLICAOF', '127.0.0.1', '1')
    await server.command('REPLICAOF', 'NO', 'ONE')
    expect(await versions('eu')).not.toEqual(before)
  })

  it('reads ten thousand keys at once', async () => {
    const versions = redisVersions((await connect()).client)
    const keys = Array.from({ length: 10_000 }, (_, at) => String(at))
    const read = await Promise.all(keys.map((key) => versions(key)))
    expect(versions.stats().checks).toBe(1)
    expect(await Promise.all(keys.map((key) => versions(key)))).toEqual(read)
  })

  it('goes by the same keys for all that it does, where ioredis has a key prefix', async () => {
    const client = new Redis({ port: server.port, keyPrefix: 'app:' })
    const versions = redisVersions(client)
    const seen = [await versions('eu')]
    const [name, ...args] = versions.bumpCommand('eu')
    await client
      .multi()
      .call(name, ...args)
      .exec()
    seen.push(await versions('eu'))
    await versions.bump('eu')
    seen.push(await versions('eu'))
    expect(differentIn(seen)).toBe(3)
    expect(await client.exists(versions.redisKey('eu'))).toBe(1)
    client.disconnect()
  })

  it('works in a cluster, where its keys are on one node with data that have the same text in braces', async () => {
    const node = await clusterNode
    await vi.waitFor(async () => expect(await node.command('CLUSTER', 'INFO')).toContain('cluster_state:ok'), 10_000)
    const nodeRedis = createCluster({ rootNodes: [{ socket: { host: '127.0.0.1', port: node.port } }] })
    const ioredis = new Cluster([{ port: node.port }])
    try {
      await nodeRedis.connect()
      const [a, b] = [redisVersions(nodeRedis, { prefix: 'menus' }), redisVersions(ioredis, { prefix: 'menus' })]
      const seen = [await a('eu'), await a('us')]
      await ioredis
        .multi()
        .set('{menus}:text', 'x')
        .call(...b.bumpCommand('eu'))
        .exec()
      expect(await b('eu')).not.toEqual(seen[0])
      await nodeRedis.multi().set('{menus}:text', 'x').addCommand('{menus}', false, b.bumpCommand('us')).exec()
      expect(await b('us')).not.toEqual(seen[1])
      await a.bump('eu', 'us')
      expect(await a('eu')).toEqual(await b('eu'))
    } finally {
      nodeRedis.destroy()
      ioredis.disconnect()
    }
  })

  describe.each(['redis', 'ioredis'] as const)('faults, by way of %s', (name) => {
    describeFaults('`redisVersions`', () => faultsBy(name))
  })

  /** Data in Redis, and data elsewhere, which outlives it: each write bumps as the documentation says. */
  async function faultsBy(name: keyof typeof CLIENTS): Promise<VersionedSystem> {
    const connection = await connect(name)
    const versions = redisVersions(connection.client)
    let elsewhere = 'a'
    const write = async (value: string) => {
      await connection.setAndBump('data', value, versions.bumpCommand('data'))
      elsewhere = value
      await versions.bump('data')
    }
    /** What was looked at last may be saved; the bump that is lost after it was of data that are not. */
    const lose = async (
      look: () => Promise<void>,
      act: () => Promise<unknown>,
      save = async (): Promise<unknown> => 'no',
    ) => {
      await write('a')
      await look()
      await save()
      elsewhere = 'b'
      await versions.bump('data')
      await act()
      await look()
    }
    const restart = async () => {
      await server.kill()
      await server.start()
    }
    await write('a')
    return {
      read: async () => [await connection.get('data'), elsewhere],
      version: versions.of(() => 'data'),
      faults: {
        'rolled back': async (look) => {
          await look()
          const writer = new Redis({ port: server.port })
          await writer.multi({ pipeline: false })
          await writer.set('data', 'never')
          await writer.call(...versions.bumpCommand('data'))
          await look()
          await writer.discard()
          writer.disconnect()
          await look()
        },
        deleted: async (look) => {
          await look()
          await server.command('DEL', 'data')
          await versions.bump('data')
          await look()
        },
        emptied: async (look) => {
          await lose(look, () => server.command('FLUSHALL'))
          await lose(look, () => server.command('FLUSHALL'))
        },
        'two writes in one tick': async (look) => {
          await look()
          await write('c')
          await look()
          await write('d')
          await look()
        },
        'backup restored': async (look) => {
          await look()
          await server.backUp()
          await write('later')
          await server.restore()
          await look()
        },
        restarted: async (look) => {
          await lose(look, restart)
          await lose(look, restart, () => server.command('SAVE'))
        },
        'old content again': async (look) => {
          await write('x')
          await look.during(() => write('y'))
          await write('x')
          await look()
        },
      },
    }
  }

  it('says what is wrong with what it was given', async () => {
    const { client } = await connect()
    expect(() => redisVersions(undefined as never)).toThrow(
      'The client is undefined: give one of "redis" or "ioredis".',
    )
    expect(() => redisVersions({} as never)).toThrow('give one of "redis" or "ioredis"')
    for (const prefix of ['', 'a{b', 'a}b', 1 as never]) {
      expect(() => redisVersions(client, { prefix })).toThrow(
        /"prefix" is .*: give a string that is not empty, without braces/,
      )
    }
    expect(() => redisVersions(client, { timeout: 0 })).toThrow('"timeout" is 0')
    expect(() => redisVersions(client, { expire: 1 } as never)).toThrow('There is no option "expire"')
    const versions = redisVersions(client)
    const [good, bad] = await Promise.allSettled([versions('eu'), versions(1 as never)])
    expect(good.status).toBe('fulfilled')
    const wanted = 'The key of a version in Redis is 1: give a string, as in "of((id) => String(id))".'
    expect(bad).toMatchObject({ reason: { code: 'ERR_INVALID_OPTION', message: wanted } })
    await expect(versions.bump(1 as never)).rejects.toThrow(wanted)
    expect(() => versions.bumpCommand(1 as never)).toThrow(wanted)
  })

  it('refuses a server that does not tell its history', async () => {
    const client = { eval: async () => ['master', '', 'x', 'y'] }
    await expect(redisVersions(client)('eu')).rejects.toThrow('it takes Redis 5 or later')
  })
})
