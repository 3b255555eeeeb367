import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { RefusedEntryError } from '../../src/core/tier.ts'
import type { StoreLease, TierStore } from '../../src/tiers/tier-store.ts'

/** A store, and what is done behind its back. */
export interface OpenStore {
  readonly store: TierStore
  /** Puts something at a key that is no text. */
  putSomethingElse?(key: string): Promise<unknown>
  readonly servers?: RedisServers
  close?(): unknown
}

/** Those of a store in Redis, over connections of their own. */
export interface RedisServers {
  /** Sends a command to the one that has the key. */
  command(name: string, key: string, ...args: string[]): Promise<unknown>
  /** They forget the scripts that they have got. */
  forgetScripts(): Promise<unknown>
  /** How many bytes they have sent so far. */
  bytesSent(): Promise<number>
}

/**
 * What not every store has: leases, by which it tells those apart who want to write; an end for what has had its time;
 * a way in which something else than texts could get into it; servers that run its scripts.
 */
export type Lack = 'leases' | 'expiry' | 'other types' | 'scripts'

const LIFETIME = 60_000
const LEASE = 10_000

/** Milliseconds that a test can wait for. */
const SHORT = 40

const newKey = (): string => `shop:report:{${randomUUID()}}`
const pause = (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds))

/**
 * All that is promised of a {@link TierStore}, to be called in the place where a `describe` would stand.
 *
 * @param lacks what it does not have. What it does instead is told by tests of their own.
 */
export function describeTierStore(name: string, open: () => Promise<OpenStore>, lacks: readonly Lack[] = []): void {
  describe(name, () => {
    let opened: OpenStore | undefined
    beforeAll(async () => {
      opened = await open()
    })
    afterAll(() => opened?.close?.())

    const testing: Testing = {
      get opened() {
        return opened as Required<OpenStore>
      },
      get store() {
        return testing.opened.store
      },
      async lease(key, purpose = 'v1', milliseconds = LEASE) {
        const given = await testing.store.lease(key, purpose, milliseconds)
        if (typeof given === 'string') throw new Error(`Somebody has the lease of ${key} for ${purpose}.`)
        return given
      },
      async put(key, text, lifetime = LIFETIME) {
        expect(await (await testing.lease(key)).write(text, lifetime)).toBe(true)
      },
    }
    const has = (lack: Lack): boolean => !lacks.includes(lack)
    describeTexts(testing)
    if (has('other types')) describeOthers(testing)
    describeRemoval(testing, has('leases'))
    if (!has('leases')) describeNoLeases(testing)
    else {
      describeLeases(testing)
      describeLeasesAndRemoval(testing)
    }
    if (has('scripts')) describeScripts(testing)
    describe.concurrent('as time goes by', () => {
      describeLifetimes(testing, has('expiry'))
      if (has('leases')) describeAbandoned(testing)
      if (has('leases') && has('expiry')) describeEndOfLeases(testing)
      else if (has('leases')) describeNoEndOfLeases(testing)
    })
  })
}

interface Testing {
  readonly opened: Required<OpenStore>
  readonly store: TierStore
  /** @throws while somebody else has it. */
  lease(key: string, purpose?: string, milliseconds?: number): Promise<StoreLease>
  put(key: string, text: string, lifetime?: number): Promise<void>
}

function describeTexts(testing: Testing): void {
  it('has nothing where nothing was written', async () => {
    expect(await testing.store.read(newKey(), 1000)).toBeUndefined()
  })

  it.each([
    ['a text', 'vlc1 x\n{"name":"report"}\n{"total":42}'],
    ['one of other scripts, and of characters of two units', 'Größe 東京 🚀 \u0000\u001f\u2028\r\n'],
    ['half a character, as entries write it', JSON.stringify({ half: '\ud800', other: '\udc00' })],
    ['one of a megabyte', 'aé東🚀'.repeat(100_000)],
    ['one that Keyv, or Redis, would take for something else', ':base64:abc'],
    ['an empty one', ''],
  ])('gives %s as it was written', async (_, text) => {
    const key = newKey()
    await testing.put(key, text)
    expect(await testing.store.read(key, 2_000_000)).toBe(text)
  })

  it('gives what was written last, under each key', async () => {
    const [key, other] = [newKey(), newKey()]
    for (const text of ['first', 'second']) await testing.put(key, text)
    await testing.put(other, 'another')
    expect(await testing.store.read(key, 1000)).toBe('second')
    expect(await testing.store.read(other, 1000)).toBe('another')
  })

  it.each([
    ['a', 1],
    ['é', 2],
    ['東', 3],
    ['🚀', 4],
  ])('refuses what has more bytes than wanted, of texts of %s', async (character, bytes) => {
    const key = newKey()
    await testing.put(key, character.repeat(10))
    expect(await testing.store.read(key, 10 * bytes)).toBe(character.repeat(10))
    await expect(testing.store.read(key, 10 * bytes - 1)).rejects.toThrow(RefusedEntryError)
  })
}

function describeLifetimes(testing: Testing, hasExpiry: boolean): void {
  it(`${hasExpiry ? 'forgets' : 'does not forget'} a text whose milliseconds have passed, whole ones or not`, async () => {
    const [key, other] = [newKey(), newKey()]
    await testing.put(other, 'long', 1000 * SHORT)
    await testing.put(key, 'short', SHORT + 0.25)
    await pause(2 * SHORT)
    expect(await testing.store.read(key, 1000)).toBe(hasExpiry ? undefined : 'short')
    expect(await testing.store.read(other, 1000)).toBe('long')
  })

  it('keeps a text for ever when it is told so, though the one before it was not to be', async () => {
    const key = newKey()
    await testing.put(key, 'short', SHORT)
    await testing.put(key, 'for ever', Number.POSITIVE_INFINITY)
    await pause(2 * SHORT)
    expect(await testing.store.read(key, 1000)).toBe('for ever')
  })
}

function describeOthers(testing: Testing): void {
  it('refuses to read what is no text, and writes and removes in its place', async () => {
    const [written, removed] = [newKey(), newKey()]
    for (const key of [written, removed]) {
      await testing.opened.putSomethingElse(key)
      await expect(testing.store.read(key, 1000)).rejects.toThrow(RefusedEntryError)
    }
    await testing.put(written, 'text')
    expect(await testing.store.read(written, 1000)).toBe('text')
    await testing.store.remove(removed)
    expect(await testing.store.read(removed, 1000)).toBeUndefined()
  })
}

function describeRemoval(testing: Testing, hasLeases: boolean): void {
  it('has nothing any more of what was removed, and keeps the rest', async () => {
    const [key, other] = [newKey(), newKey()]
    await testing.put(key, 'text')
    await testing.put(other, 'other')
    for (let time = 0; time < 2; time++) {
      await testing.store.remove(key)
      expect(await testing.store.read(key, 1000)).toBeUndefined()
    }
    expect(await testing.store.read(other, 1000)).toBe('other')
  })

  const promise = hasLeases ? 'lets nobody write who began before a removal' : 'cannot stop who began before a removal'
  it.each(['what is there', 'nothing'])(`${promise} of %s; who begins afterwards writes`, async (there) => {
    const key = newKey()
    if (there !== 'nothing') await testing.put(key, 'old')
    const before = await testing.lease(key, 'v1')
    await testing.store.remove(key)
    const after = await testing.lease(key, 'v2')
    expect(await before.write('before', LIFETIME)).toBe(!hasLeases)
    expect(await testing.store.read(key, 1000)).toBe(hasLeases ? undefined : 'before')
    expect(await after.write('after', LIFETIME)).toBe(true)
    expect(await testing.store.read(key, 1000)).toBe('after')
  })
}

function describeNoLeases(testing: Testing): void {
  it('has no leases: everybody may write, for as long as they like, and there is nothing to renew', async () => {
    const key = newKey()
    const [first, second] = [await testing.lease(key, 'v1', 1), await testing.lease(key, 'v1', 1)]
    await pause(5)
    expect([first.renew, second.renew]).toEqual([undefined, undefined])
    await first.release()
    await second.abandon(LEASE)
    for (const lease of [first, second, first]) expect(await lease.write('text', LIFETIME)).toBe(true)
  })
}

async function isHeld(testing: Testing, key: string, purpose = 'v1'): Promise<boolean> {
  const given = await testing.store.lease(key, purpose, LEASE)
  if (typeof given !== 'string') await given.release()
  return given === 'held'
}

function describeLeases(testing: Testing): void {
  it('gives a lease to one at a time, for each key and purpose', async () => {
    const [key, other] = [newKey(), newKey()]
    const given = await Promise.all(Array.from({ length: 5 }, () => testing.store.lease(key, 'v1', LEASE)))
    expect(given.filter((lease) => lease !== 'held').length).toBe(1)
    expect(await isHeld(testing, key)).toBe(true)
    expect(await isHeld(testing, key, 'v2')).toBe(false)
    expect(await isHeld(testing, other)).toBe(false)
  })

  it('lets those write who have one for different purposes', async () => {
    const key = newKey()
    const [first, second] = [await testing.lease(key, 'v1'), await testing.lease(key, 'v2')]
    expect(await second.write('second', LIFETIME)).toBe(true)
    expect(await first.write('first', LIFETIME)).toBe(true)
    expect(await testing.store.read(key, 1000)).toBe('first')
  })

  it('gives it to the next one when it was given back, and who gave it back writes no more', async () => {
    const key = newKey()
    const lease = await testing.lease(key)
    await lease.release()
    expect(await isHeld(testing, key)).toBe(false)
    expect(await lease.renew?.()).toBe(false)
    expect(await lease.write('late', LIFETIME)).toBe(false)
    expect(await testing.store.read(key, 1000)).toBeUndefined()
  })

  it('takes it back with what it writes', async () => {
    const key = newKey()
    const lease = await testing.lease(key)
    expect(await lease.write('text', LIFETIME)).toBe(true)
    expect(await isHeld(testing, key)).toBe(false)
    expect(await lease.write('again', LIFETIME)).toBe(false)
    expect(await testing.store.read(key, 1000)).toBe('text')
  })
}

function describeLeasesAndRemoval(testing: Testing): void {
  it('lets those who began before a removal write nothing either when somebody has written meanwhile', async () => {
    const key = newKey()
    const before = await testing.lease(key, 'v1')
    await testing.store.remove(key)
    expect(await (await testing.lease(key, 'v2')).write('after', LIFETIME)).toBe(true)
    expect(await before.write('before', LIFETIME)).toBe(false)
    expect(await testing.store.read(key, 1000)).toBe('after')
  })

  it('takes the lease back of who writes nothing for a removal, of which each counts', async () => {
    const key = newKey()
    await testing.store.remove(key)
    const between = await testing.lease(key)
    await testing.store.remove(key)
    expect(await between.write('between', LIFETIME)).toBe(false)
    await testing.put(key, 'after')
    expect(await testing.store.read(key, 1000)).toBe('after')
  })

  it('keeps nobody waiting for who began before a removal, and keeps the lease for who has got one since', async () => {
    const [key, other] = [newKey(), newKey()]
    const [before] = [await testing.lease(key), await testing.lease(other)]
    await testing.store.remove(key)
    const after = await testing.lease(key)
    expect(await before.renew?.()).toBe(false)
    expect(await before.write('before', LIFETIME)).toBe(false)
    await before.release()
    expect(await isHeld(testing, key)).toBe(true)
    expect(await isHeld(testing, other)).toBe(true)
    expect(await after.write('after', LIFETIME)).toBe(true)
    expect(await testing.store.read(key, 1000)).toBe('after')
  })
}

function describeAbandoned(testing: Testing): void {
  it('gives it to nobody for a while when it was abandoned, and says so', async () => {
    const key = newKey()
    const lease = await testing.lease(key)
    await lease.abandon(8 * SHORT)
    expect(await testing.store.lease(key, 'v1', LEASE)).toBe('abandoned')
    expect(await isHeld(testing, key, 'v2')).toBe(false)
    expect(await lease.write('late', LIFETIME)).toBe(false)
    await pause(9 * SHORT)
    const next = await testing.lease(key)
    await lease.abandon(LEASE) // it is another one's by now
    expect(await next.write('next', LIFETIME)).toBe(true)
  })

  it('gives a lease that was abandoned before a removal', async () => {
    const key = newKey()
    await (await testing.lease(key)).abandon(LEASE)
    await testing.store.remove(key)
    const lease = await testing.lease(key)
    expect(await isHeld(testing, key)).toBe(true)
    await lease.abandon(LEASE)
    expect(await testing.store.lease(key, 'v1', LEASE)).toBe('abandoned')
  })
}

function describeNoEndOfLeases(testing: Testing): void {
  it('lets a lease last until it is given back, however short it was to be', async () => {
    const key = newKey()
    const lease = await testing.lease(key, 'v1', SHORT)
    await pause(2 * SHORT)
    expect([await isHeld(testing, key), await lease.renew?.()]).toEqual([true, true])
    expect(await lease.write('late', LIFETIME)).toBe(true)
  })
}

function describeEndOfLeases(testing: Testing): void {
  it('ends a lease after its milliseconds: then it is nobody’s, and writes nothing', async () => {
    const key = newKey()
    const lease = await testing.lease(key, 'v1', SHORT)
    await pause(2 * SHORT)
    expect(await isHeld(testing, key)).toBe(false)
    expect(await lease.renew?.()).toBe(false)
    expect(await lease.write('late', LIFETIME)).toBe(false)
    expect(await testing.store.read(key, 1000)).toBeUndefined()
  })

  it('lets it last for as long again each time that it is renewed, and no longer', async () => {
    const key = newKey()
    const lease = await testing.lease(key, 'v1', 20 * SHORT)
    for (let time = 0; time < 3; time++) {
      await pause(8 * SHORT)
      expect(await lease.renew?.()).toBe(true)
    }
    expect(await isHeld(testing, key)).toBe(true)
    await pause(22 * SHORT)
    expect(await isHeld(testing, key)).toBe(false)
  })

  it('keeps it for who has got it now, whatever the one before does', async () => {
    const key = newKey()
    const lost = await testing.lease(key, 'v1', SHORT)
    await pause(2 * SHORT)
    const taken = await testing.lease(key, 'v1', LEASE)
    expect(await lost.renew?.()).toBe(false)
    expect(await lost.write('lost', LIFETIME)).toBe(false)
    await lost.release()
    expect(await isHeld(testing, key)).toBe(true)
    expect(await testing.store.read(key, 1000)).toBeUndefined()
    expect(await taken.write('taken', LIFETIME)).toBe(true)
    expect(await testing.store.read(key, 1000)).toBe('taken')
  })
}

function describeScripts(testing: Testing): void {
  it('has nothing sent of what is too large', async () => {
    const { bytesSent } = testing.opened.servers
    const key = newKey()
    await testing.put(key, 'x'.repeat(1_000_000))
    const before = await bytesSent()
    await expect(testing.store.read(key, 999_999)).rejects.toThrow('it has 1000000 bytes, more than "maxEntrySize"')
    expect((await bytesSent()) - before).toBeLessThan(100_000)
    await testing.store.read(key, 1_000_000)
    expect((await bytesSent()) - before).toBeGreaterThan(1_000_000)
  })

  it('goes on when the servers have forgotten its scripts, whatever it does next', async () => {
    const { forgetScripts } = testing.opened.servers
    const key = newKey()
    const afterwards = async <T>(act: () => Promise<T>): Promise<T> => {
      await forgetScripts()
      return act()
    }
    const lease = await afterwards(() => testing.lease(key))
    expect(await afterwards(async () => lease.renew?.())).toBe(true)
    expect(await afterwards(() => lease.write('text', LIFETIME))).toBe(true)
    expect(await afterwards(() => testing.store.read(key, 1000))).toBe('text')
    await afterwards(() => testing.store.remove(key))
    expect(await testing.store.read(key, 1000)).toBeUndefined()
    const other = await testing.lease(key)
    await afterwards(() => other.release())
    const third = await testing.lease(key, 'v3')
    await afterwards(() => third.abandon(1))
    await testing.put(key, 'text')
  })

  it('leaves nothing in Redis for ever but what is told to stay', async () => {
    const left = async (key: string) => Number(await testing.opened.servers.command('PTTL', key))
    const key = newKey()
    await testing.put(key, 'text', 1234.5)
    expect(await left(key)).toBeGreaterThan(1000)
    expect(await left(key)).toBeLessThanOrEqual(1235)
    await testing.put(key, 'for ever', Number.POSITIVE_INFINITY)
    expect(await left(key)).toBe(-1)
    await testing.lease(key, 'v1', 5000)
    expect(await left(`${key}:v1`)).toBeGreaterThan(4000)
    expect(await left(`${key}:v1`)).toBeLessThanOrEqual(5000)
    await testing.store.remove(key)
    expect(await left(`${key}:removed`)).toBeGreaterThan(3_590_000)
    expect(await left(`${key}:removed`)).toBeLessThanOrEqual(3_600_000)
  })
}
