import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { deflateRawSync } from 'node:zlib'
import KeyvRedis from '@keyv/redis'
import { Redis } from 'ioredis'
import Keyv from 'keyv'
import { createClient } from 'redis'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest'
import { type CacheEvent, onCacheEvent, type TierStats, versionedLruCache } from '../../src/index.ts'
import { keyvTier } from '../../src/integrations/keyv.ts'
import { type IoredisClient, type NodeRedisClient, redisTier } from '../../src/integrations/redis.ts'
import { freePort } from '../support/free-port.ts'
import { describeWith } from '../support/installed.ts'
import { libraryCopyForRedis } from '../support/library-copy.ts'
import { installedRedis, type RunningRedis, startRedis } from '../support/redis-server.ts'

// What is wrong without a server is in misuse.test.ts.

const HOST = '127.0.0.1'
const TIER_TIMEOUT = 100

/** Milliseconds that a call may take besides, on a machine that is busy with other tests. */
const WORK = 300

const pause = (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds))

const eventually = <T>(check: () => T) => vi.waitFor(check, { timeout: 5000, interval: 5 })

const unhandled: unknown[] = []
const note = (error: unknown) => void unhandled.push(error)
let events: CacheEvent[] = []
let endEvents: () => void

beforeAll(() => void process.on('unhandledRejection', note))
afterAll(() => void process.off('unhandledRejection', note))
beforeEach(() => {
  events = []
  endEvents = onCacheEvent((event) => void events.push(event))
})
afterEach(async () => {
  endEvents()
  await pause(10)
  expect(unhandled.splice(0)).toEqual([])
})

const eventsOf = <T extends CacheEvent['type']>(type: T) =>
  events.filter((event): event is Extract<CacheEvent, { type: T }> => event.type === type)

let count = 0
const newName = () => `misused ${++count}`

type Client = NodeRedisClient | IoredisClient

describeWith(await installedRedis(), 'Redis that does not do what it is asked for', (path) => {
  let server: RunningRedis
  let locked: RunningRedis
  let nobody: number
  /** What stands for processes of their own. */
  const processes: Awaited<ReturnType<typeof libraryCopyForRedis>>[] = []
  const open: (() => void)[] = []

  beforeAll(async () => {
    ;[server, locked, nobody] = await Promise.all([
      startRedis(path, '--repl-diskless-sync-delay', '0'),
      startRedis(path, '--requirepass', 'secret'),
      freePort(),
    ])
    for (let at = 0; at < 4; at++) processes.push(await libraryCopyForRedis())
    await server.command('ACL', 'SETUSER', 'noscripts', 'on', '>pw', '~*', '+@all', '-eval', '-evalsha')
    await server.command('ACL', 'SETUSER', 'otherkeys', 'on', '>pw', '~other:*', '+@all')
  })
  afterAll(() => Promise.all([server?.stop(), locked?.stop()]))
  afterEach(() => {
    for (const close of open.splice(0)) close()
  })

  /** Connected, or trying to be, without end. */
  function nodeRedis(url: string): NodeRedisClient {
    const client = createClient({ url })
    client.on('error', () => {})
    client.connect().catch(() => {})
    open.push(() => client.isOpen && client.destroy())
    return client
  }

  function ioredis(options: object): IoredisClient {
    const client = new Redis({ host: HOST, ...options })
    client.on('error', () => {})
    open.push(() => client.disconnect())
    return client
  }

  const wrongClients: [string, () => Client, RegExp][] = [
    ['redis, never connected', () => createClient({ url: `redis://${HOST}:${server.port}` }), /client is closed/],
    ['redis, to a port where nobody listens', () => nodeRedis(`redis://${HOST}:${nobody}`), /did not answer/],
    ['redis, to a host that there is not', () => nodeRedis('redis://nowhere.invalid:6379'), /did not answer/],
    ['redis, without the password', () => nodeRedis(`redis://${HOST}:${locked.port}`), /NOAUTH|did not answer/],
    ['redis, with a wrong password', () => nodeRedis(`redis://:wrong@${HOST}:${locked.port}`), /NOAUTH|did not answer/],
    ['redis, whose user may run no scripts', () => nodeRedis(urlOf('noscripts')), /NOPERM.*evalsha/],
    ['redis, whose user may use other keys', () => nodeRedis(urlOf('otherkeys')), /NOPERM.*keys/],
    ['ioredis, to a port where nobody listens', () => ioredis({ port: nobody }), /did not answer/],
    ['ioredis, that connects to it late', () => ioredis({ port: nobody, lazyConnect: true }), /did not answer/],
    ['ioredis, that queues nothing', () => ioredis({ port: nobody, enableOfflineQueue: false }), /isn't writeable/],
    ['ioredis, without the password', () => ioredis({ port: locked.port }), /NOAUTH|did not answer/],
    [
      'ioredis, with a wrong password',
      () => ioredis({ port: locked.port, password: 'wrong' }),
      /WRONGPASS|did not answer/,
    ],
    ['ioredis, whose user may run no scripts', () => ioredis(loginOf('noscripts')), /NOPERM.*evalsha/],
    ['ioredis, whose user may use other keys', () => ioredis(loginOf('otherkeys')), /NOPERM.*keys/],
  ]
  const urlOf = (user: string) => `redis://${user}:pw@${HOST}:${server.port}`
  const loginOf = (username: string) => ({ port: server.port, username, password: 'pw' })

  it.each(wrongClients)('by way of %s: calls go on in time, and it is left alone', async (_, connect, message) => {
    const tier = redisTier(connect(), { prefix: 'shop' })
    const cached = versionedLruCache(async (id: number) => ({ id }), { name: newName(), version: () => 1, tier })
    for (const id of [1, 2, 3, 4]) {
      const started = performance.now()
      expect(await cached(id)).toEqual({ id })
      expect(performance.now() - started).toBeLessThan(TIER_TIMEOUT + WORK)
    }
    expect(cached.stats()).toMatchObject({ loads: 4, entries: 4, tier: { hits: 0, errors: 3, skipped: 1, writes: 0 } })
    const failures = eventsOf('tierFailed')
    expect(events.length).toBe(3)
    expect(failures.map(({ isDown }) => isDown)).toEqual([false, false, true])
    expect(failures.map(({ error }) => String(error)).join('\n')).toMatch(message)
  })

  it('connects by itself, where ioredis is told to do that late', async () => {
    const tier = redisTier(ioredis({ port: server.port, lazyConnect: true }), { prefix: 'shop' })
    const cached = versionedLruCache(async () => 'output', {
      name: newName(),
      version: () => 1,
      tier,
      tierTimeout: 2000,
    })
    await cached()
    await eventually(() => expect(cached.stats().tier).toMatchObject({ errors: 0, writes: 1 }))
  })

  /** A function in one of the processes, of which the others have the same. */
  function inProcess(at: number, name: string, client: Client, options: object = {}, ofFunction: object = {}) {
    const { versionedLruCache: wrap, redisTier: make } = processes[at] as (typeof processes)[0]
    const tier = make(client, { prefix: 'shop', ...options })
    const load = async (id: string) => {
      if (id === 'fail') throw new Error('no such thing')
      if (id === 'slow') await pause(200)
      return { id }
    }
    const cached = wrap(load, { name, version: () => 1, tier, tierTimeout: 2000, ...ofFunction })
    return Object.assign(cached, { tier: () => cached.stats().tier as TierStats })
  }

  const connected = () => ioredis({ port: server.port })

  /** Where the entry of a function is, of which there is no other. */
  async function entryKey(name: string): Promise<string> {
    const keys = (await server.command('KEYS', `shop:${encodeURIComponent(name)}:*`)) as string[]
    const [key, ...others] = keys.filter((found) => found.endsWith('}'))
    expect(others).toEqual([])
    return key as string
  }

  it('needs no more rights than the documentation says', async () => {
    const page = readFileSync(new URL('../../docs/many-processes.md', import.meta.url), 'utf8')
    const [, rights = '', keys = ''] = /It needs the rights `([^`]+)` on `prefix:([^`]+)`/.exec(page) as string[]
    await server.command('ACL', 'SETUSER', 'least', 'on', '>pw', `~shop:${keys}`, ...rights.split(' '))
    const [name, client] = [newName(), ioredis({ ...loginOf('least'), enableReadyCheck: false })]
    const [here, there] = [inProcess(0, name, client, { lease: 500 }), inProcess(1, name, client, { lease: 500 })]
    await Promise.all([here('slow'), there('slow')])
    await eventually(() => expect(here.tier().writes + there.tier().writes).toBe(1))
    here.invalidate('slow')
    await here('fail').catch(() => {})
    await here('slow')
    await eventually(() => expect(here.tier().writes + there.tier().writes).toBe(2))
    expect([...events, here.tier().errors, there.tier().errors]).toEqual([0, 0])
  })

  it('reads from a replica, which gives no lease: what is missing there is loaded', async () => {
    const replica = await startRedis(path, '--replicaof', `${HOST} ${server.port}`)
    open.push(() => void replica.stop())
    const name = newName()
    const writer = inProcess(0, name, connected())
    const reader = inProcess(1, name, ioredis({ port: replica.port }))
    await writer('a')
    await eventually(async () => expect(await replica.command('EXISTS', await entryKey(name))).toBe(1))
    expect(await reader('a')).toEqual({ id: 'a' })
    expect(reader.tier()).toMatchObject({ hits: 1, errors: 0 })
    expect(await reader('b')).toEqual({ id: 'b' })
    expect(reader.stats()).toMatchObject({ loads: 1, tier: { hits: 1, misses: 1, errors: 1, writes: 0 } })
    reader.invalidate('a') // nor can it be removed there
    await eventually(() => expect(events.length).toBe(2))
    const error = expect.objectContaining({ message: expect.stringMatching(/read only/) })
    expect(events).toEqual(Array(2).fill({ type: 'tierFailed', tier: 'redis', isDown: false, error }))
  })

  it('gives what it has, and no lease, when it has no memory left', async () => {
    const name = newName()
    const [writer, reader] = [inProcess(0, name, connected()), inProcess(1, name, connected())]
    await writer('a')
    await eventually(() => expect(writer.tier().writes).toBe(1))
    await server.command('CONFIG', 'SET', 'maxmemory-policy', 'noeviction', 'maxmemory', '1')
    try {
      expect(await reader('a')).toEqual({ id: 'a' })
      expect(await reader('b')).toEqual({ id: 'b' })
      expect(reader.stats()).toMatchObject({ loads: 1, tier: { hits: 1, misses: 1, errors: 1, writes: 0 } })
      const error = expect.objectContaining({ message: expect.stringMatching(/^OOM/) })
      expect(events).toEqual([{ type: 'tierFailed', tier: 'redis', isDown: false, error }])
      reader.invalidate('a')
      await eventually(async () => expect(await server.command('EXISTS', await entryKey(name))).toBe(0))
    } finally {
      await server.command('CONFIG', 'SET', 'maxmemory', '0')
    }
    expect(await reader('c')).toEqual({ id: 'c' })
    await eventually(() => expect(reader.tier().writes).toBe(1))
  })

  it.each([
    ['tells of what fails, if its adapter does', true, { errors: 1, writes: 0 }],
    ['takes a write for done that failed, if its adapter tells of nothing', false, { errors: 0, writes: 1 }],
  ])('by way of a Keyv that throws errors: it %s', async (_, throwOnErrors, counted) => {
    const adapter = new KeyvRedis(`redis://${HOST}:${server.port}`, { throwOnErrors })
    open.push(() => void adapter.disconnect(true))
    const keyv = new Keyv(adapter, { throwOnErrors: true })
    keyv.on('error', () => {})
    const tier = keyvTier(keyv, { prefix: 'shop' })
    const cached = versionedLruCache(async () => 'output', {
      name: newName(),
      version: () => 1,
      tier,
      tierTimeout: 2000,
    })
    await server.command('CONFIG', 'SET', 'maxmemory-policy', 'noeviction', 'maxmemory', '1')
    try {
      expect(await cached()).toBe('output')
      await eventually(() => expect(cached.stats().tier).toMatchObject({ misses: 1, ...counted }))
      expect(events.map(({ type }) => type)).toEqual(throwOnErrors ? ['tierFailed'] : [])
    } finally {
      await server.command('CONFIG', 'SET', 'maxmemory', '0')
    }
  })

  /** Text that has the right digest, as whoever can write to Redis can make it where there is no secret. */
  const forged = (header: string, body: string) =>
    `vlc1 ${createHash('sha256').update(`${header}\n${body}`).digest('base64url')}\n${header}\n${body}`
  const headerOf = (text: string) => text.split('\n')[1] as string
  const altered = (text: string, change: object) => JSON.stringify({ ...JSON.parse(headerOf(text)), ...change })
  const bomb = () => deflateRawSync(Buffer.alloc(20_000_000)).toString('base64')

  /** As another process has written it. */
  async function write(name: string, id: string, { at = 0, options = {}, ofFunction = {} } = {}): Promise<void> {
    const writer = inProcess(at, name, connected(), options, ofFunction)
    await writer(id)
    await eventually(() => expect(writer.tier().writes).toBe(1))
  }

  /** What stands in the place of the entry of "a", made of its text. */
  const FOREIGN: [string, (text: string) => string | Promise<string>, RegExp][] = [
    ['a text', () => 'hello', /not an entry of this format/],
    ['nothing', () => '', /not an entry of this format/],
    ['JSON', () => '{"total":42}', /not an entry of this format/],
    ['an entry of another format', (text) => text.replace('vlc1', 'vlc2'), /not an entry of this format/],
    ['a part of it', (text) => text.slice(0, -1), /its digest is wrong/],
    ['it with another output', (text) => text.replace('"a"]', '"b"]'), /its digest is wrong/],
    ['it with a shorter digest', (text) => text.replace(/ \S+/, ' abc'), /its digest is wrong/],
    ['more than is read', () => 'x'.repeat(1_000_001), /has 1000001 bytes/],
    ['a header that is no JSON', (text) => forged(`${headerOf(text)}}`, '1'), /its header cannot be read/],
    ['a header that is nothing', () => forged('null', '1'), /its header cannot be read/],
    ['a header without a time', (text) => forged(altered(text, { readAt: 'now' }), '1'), /its header cannot be read/],
    ['stamps that are none', (text) => forged(altered(text, { stamps: 5 }), '1'), /its header cannot be read/],
    [
      'stamps of nothing',
      (text) => forged(altered(text, { stamps: [[{ call: 'x' }]] }), '1'),
      /its header cannot be read/,
    ],
    ['an output that is none', (text) => forged(headerOf(text), '[broken'), /its output cannot be read/],
    [
      'an instance of a class',
      (text) => forged(headerOf(text), '[["Money",1],{}]'),
      /its output cannot be read: Unknown/,
    ],
    [
      'a prototype',
      (text) => forged(headerOf(text), '[{"__proto__":1},{"isAdmin":2},true]'),
      /its output cannot be read/,
    ],
    ['what gets too large', (text) => forged(altered(text, { deflated: true }), bomb()), /its output cannot be read/],
    ['what is not deflated', (text) => forged(altered(text, { deflated: true }), '[1]'), /its output cannot be read/],
  ]

  it.each(FOREIGN)('has %s under our prefix: it is refused, and written anew', async (_, make, reason) => {
    const name = newName()
    await write(name, 'a')
    const key = await entryKey(name)
    await server.command('SET', key, await make(String(await server.command('GET', key))))
    await expectRefused(name, key, reason)
  })

  it.each([
    ['a list', ['RPUSH', 'item'], /it is no string/],
    ['a hash', ['HSET', 'field', 'value'], /it is no string/],
    ['bytes that are no text', ['EVAL'], /not an entry of this format/],
  ])('has %s under our prefix: it is refused, and written anew', async (_, [command = '', ...args], reason) => {
    const name = newName()
    await write(name, 'a')
    const key = await entryKey(name)
    await server.command('DEL', key)
    if (command === 'EVAL')
      await server.command(command, "redis.call('SET', KEYS[1], string.char(255, 0, 254))", '1', key)
    else await server.command(command, key, ...args)
    await expectRefused(name, key, reason)
  })

  it.each<[string, (name: string) => Promise<string>]>([
    [
      'another key',
      async (name) => {
        await write(name, 'b', { at: 3 })
        return entryKey(name)
      },
    ],
    [
      'another function',
      async () => {
        const other = newName()
        await write(other, 'a', { at: 3 })
        return entryKey(other)
      },
    ],
    [
      'other code',
      async (name) => {
        await write(name, 'a', { at: 3, ofFunction: { codeVersion: '2' } })
        return entryKey(name)
      },
    ],
  ])('has the entry of %s in the place of ours: it is refused, and written anew', async (_, writeOther) => {
    const name = newName()
    const from = await writeOther(name)
    await server.command('RENAME', from, 'shop:aside')
    await write(name, 'a')
    const key = await entryKey(name)
    await server.command('RENAME', 'shop:aside', key)
    await expectRefused(name, key, /it is the entry of another call/)
  })

  it.each<[string, object, object]>([
    ['signed with another secret', { secret: 'theirs' }, { secret: 'ours' }],
    ['not signed, where a secret is wanted', {}, { secret: 'ours' }],
    ['signed, where no secret is known', { secret: 'theirs' }, {}],
  ])('has an entry that is %s: it is refused, and written anew', async (_, theirs, ours) => {
    const name = newName()
    await write(name, 'a', { options: theirs })
    await expectRefused(name, await entryKey(name), /its digest is wrong/, ours)
  })

  async function expectRefused(name: string, key: string, reason: RegExp, options: object = {}): Promise<void> {
    const reader = inProcess(1, name, connected(), { maxEntrySize: 1_000_000, ...options })
    expect(await reader('a')).toEqual({ id: 'a' })
    expect(reader.stats()).toMatchObject({ loads: 1, tier: { hits: 0, misses: 1, refused: 1, errors: 0 } })
    expect(events).toEqual([{ type: 'entryRefused', name, key: '("a")', reason: expect.stringMatching(reason) }])
    await eventually(() => expect(reader.tier().writes).toBe(1))
    expect(await server.command('GET', key)).toMatch(/^vlc1 .*\n\{.*\}\n\[\{"id":1\},"a"\]$/)
    const next = inProcess(2, name, connected(), options)
    expect(await next('a')).toEqual({ id: 'a' })
    expect(next.stats()).toMatchObject({ loads: 0, tier: { hits: 1, refused: 0 } })
  }
})
