import { describe, expect, it } from 'vitest'
import { currentSnapshot } from '../src/core/context.ts'
import { runInSessionOf } from '../src/core/session.ts'
import { Snapshot } from '../src/core/snapshot.ts'
import { databaseVersionSource } from '../src/core/version-source.ts'
import { runInSession, Session, versionedLruCache, versionSource } from '../src/index.ts'
import { gate, settle } from './support/gate.ts'
import { part, whole } from './support/nested.ts'
import { World } from './support/world.ts'

describe('a session that looks at an output', () => {
  /** A page of the articles of the current issue. */
  function magazine() {
    const world = new World()
    const current = part(world, 'issue')
    const articles = versionedLruCache(async (of: string) => `articles of ${of}`, {
      name: 'articles',
      version: async (of: string) => world.check(`articles of ${of}`),
    })
    const page = whole(world, 'page', async () => articles(await current()))
    return { world, page }
  }

  it('asks in the order in which the loader read, and no further than the first difference', async () => {
    const { world, page } = magazine()
    expect(await page()).toBe('articles of issue 1')
    world.take()
    await page()
    expect(world.take()).toEqual(['check issue', 'check articles of issue 1'])
    world.write('issue')
    expect(await page()).toBe('articles of issue 2')
    expect(world.take()).toEqual(['check issue', 'load page', 'load issue', 'check articles of issue 2'])
  })

  it('does not hang on what is no longer there: a check of it would fail', async () => {
    const world = new World()
    let isGone = false
    const current = part(world, 'issue')
    const articles = versionedLruCache(async (of: string) => `articles of ${of}`, {
      version: async (of: string) => {
        if (isGone && of === 'issue 1') throw new Error('there is no such issue')
        return 1
      },
    })
    const page = whole(world, 'page', async () => articles(await current()))
    await page()
    world.write('issue')
    isGone = true
    expect(await page()).toBe('articles of issue 2')
  })

  it.each([
    ['has read anew', true],
    ['has forgotten', false],
  ])('does not take what was made of a version that the session of the load %s', async (_what, readsAgain) => {
    const data = { version: 1 }
    const hold = gate()
    const rows = versionSource({ name: 'rows', read: async () => data.version })
    const load = async () => {
      const seen = data.version
      await hold.promise
      return `part ${seen}`
    }
    const part = versionedLruCache(load, { version: rows })
    const page = versionedLruCache(async () => `page of ${await part()}`)
    const session = new Session()
    await session.run(async () => {
      const coming = page()
      await settle()
      data.version = 2
      session.renew()
      if (readsAgain) await rows.current()
      hold.open()
      expect(await coming).toBe('page of part 1')
    })
    expect(await page()).toBe('page of part 2')
  })

  it('loads, when a source that the loader has asked by hand fails', async () => {
    let isDown = false
    const read = async () => {
      if (isDown) throw new Error('down')
      return 1
    }
    const rows = versionSource({ name: 'rows', read })
    const page = versionedLruCache(() => rows.current().then(String, () => 'no rows'))
    expect(await page()).toBe('1')
    isDown = true
    expect(await page()).toBe('no rows')
    isDown = false
    expect(await page()).toBe('1')
    expect(page.stats()).toMatchObject({ loads: 2, unkept: 1 })
  })

  it('loads, when what it would have to know cannot be found out', async () => {
    const world = new World()
    let isDown = false
    const user = part(world, 'user', {
      version: async () => {
        if (isDown) throw new Error('down')
        return 1
      },
    })
    const page = whole(world, 'page', () => user().catch(() => 'nobody'))
    await page()
    isDown = true
    expect(await page()).toBe('nobody')
  })

  it('asks at once, and in one batch, for what the loader asked for at once', async () => {
    const world = new World()
    const rows = versionSource({
      name: 'rows',
      readMany: async (ids: readonly string[]) => {
        world.steps.push(`check ${ids.join(' and ')}`)
        return ids.map((id) => world.versionOf(id))
      },
    })
    const row = versionedLruCache(async (id: string) => `${id} ${world.versionOf(id)}`, { version: rows })
    const page = whole(world, 'page', async () => [await row('head'), ...(await Promise.all([row('a'), row('b')]))])
    await page()
    world.take()
    await page()
    expect(world.take()).toEqual(['check head', 'check a and b'])
    world.write('b')
    expect(await page()).toEqual(['head 1', 'a 1', 'b 2'])
  })

  it('checks each key of a source once, however many functions go by it: when nothing is kept, and when all is', async () => {
    const world = new World()
    const users = versionSource({ name: 'users', read: async (id: string) => world.check(id) })
    const of = (name: string) => versionedLruCache(async (id: string) => `${name} of ${id}`, { version: users, name })
    const parts = ['name', 'photo', 'mail', 'phone'].map(of)
    const card = whole(world, 'card', () => Promise.all(parts.map((ask) => ask('ann'))))
    const page = whole(world, 'page', async () => {
      await users.current('ann')
      return [await card(), await parts[0]?.('ann')]
    })
    const visit = () => runInSession(async () => [await page(), await card(), await parts[1]?.('ann')])
    await visit()
    expect(world.take()).toEqual(['load page', 'check ann', 'load card'])
    await visit()
    expect(world.take()).toEqual(['check ann'])
    world.write('ann')
    await visit()
    expect(world.take()).toEqual(['check ann', 'load page', 'load card'])
  })

  it('checks a version function once, also if a load calls what the session has called', async () => {
    const world = new World()
    const user = part(world, 'user')
    const page = whole(world, 'page', () => user())
    await page()
    world.write('user')
    world.take()
    await runInSession(async () => [await user(), await page(), await user()])
    expect(world.take()).toEqual(['check user', 'load user', 'load page'])
  })

  it('gets what agrees with all that it has seen: its own load of that, if what is kept is newer', async () => {
    const world = new World()
    const user = part(world, 'user')
    const page = whole(world, 'page', async () => `page of ${await user()}`)
    const old = new Session()
    await old.run(() => user()) // 1. sees user 1
    world.write('user')
    expect(await page()).toBe('page of user 2') // 2. another session keeps a page of user 2
    world.take()
    expect(await old.run(() => page())).toBe('page of user 1') // 3. is not what the old session sees
    expect(world.take()).toEqual(['load page'])
  })

  it('leaves what is newer in its place when it has loaded something outdated for itself', async () => {
    const world = new World()
    const user = part(world, 'user')
    const page = whole(world, 'page', async () => `page of ${await user()}`)
    const old = new Session()
    await old.run(() => user())
    world.write('user')
    await page()
    await old.run(() => page())
    expect(page.stats()).toMatchObject({ overtaken: 1 })
    world.take()
    expect(await page()).toBe('page of user 2')
    expect(world.take()).toEqual(['check user'])
  })

  it('does not get what an old session has left, and replaces it', async () => {
    const world = new World()
    const user = part(world, 'user')
    const page = whole(world, 'page', async () => `page of ${await user()}`)
    const old = new Session()
    await old.run(() => user())
    world.write('user')
    expect(await old.run(() => page())).toBe('page of user 1')
    expect(page.stats()).toMatchObject({ entries: 1 })
    expect(await page()).toBe('page of user 2')
    world.take()
    expect(await page()).toBe('page of user 2')
    expect(world.take()).toEqual(['check user'])
  })

  it('loads at once where nothing else is promised, and a part would have to be waited for', () => {
    const world = new World()
    let isPromised = false
    const user = versionedLruCache(() => 'user', {
      version: () => (isPromised ? Promise.resolve(1) : 1) as number,
    })
    const page = versionedLruCache(() => {
      world.steps.push('load page')
      void user()
      return 'page'
    })
    expect([page(), page()]).toEqual(['page', 'page'])
    expect(world.take()).toEqual(['load page'])
    isPromised = true
    expect(page()).toBe('page')
    expect(world.take()).toEqual(['load page'])
  })

  it('takes an entry that was replaced meanwhile for what it is now', async () => {
    const world = new World()
    const checks = gate<number>()
    let isHeld = false
    const user = part(world, 'user', { version: () => (isHeld ? checks.promise : Promise.resolve(1)) })
    const page = whole(world, 'page', () => user())
    await page()
    isHeld = true
    const looking = page() // 1. looks at what is kept, and has to wait for a check
    await settle()
    page.clear() // 2. that is dropped
    checks.open(1) // 3. the check says that it would have been good
    world.take()
    await looking
    expect(world.take()).toEqual(['load page'])
  })
})

/** A database in memory, of which snapshots can be taken. */
class Database {
  readonly #now = new Map<string, number>()
  readonly #taken = new WeakMap<Snapshot, ReadonlyMap<string, number>>()
  readonly steps: string[] = []

  readonly tables = databaseVersionSource<string>(this, {
    name: 'tables',
    readMany: async (names) => {
      this.steps.push(`check ${names.join(' and ')}`)
      return names.map((name) => this.#seen().get(name) ?? 1)
    },
  })

  /** In the snapshot of the calling code, if it runs in one. */
  #seen(): ReadonlyMap<string, number> {
    const snapshot = currentSnapshot()
    return (snapshot && this.#taken.get(snapshot)) ?? this.#now
  }

  read(name: string): string {
    this.steps.push(`load ${name}`)
    return `${name} ${this.#seen().get(name) ?? 1}`
  }

  write(name: string): void {
    this.#now.set(name, (this.#now.get(name) ?? 1) + 1)
  }

  take(): Snapshot {
    const snapshot = new Snapshot(this)
    this.#taken.set(snapshot, new Map(this.#now))
    return snapshot
  }
}

function make() {
  const db = new Database()
  const table = versionedLruCache(async (name: string) => db.read(name), { version: db.tables, name: 'table' })
  const card = versionedLruCache(async () => `card of ${await table('users')}`, { name: 'card' })
  const page = versionedLruCache(async () => `${db.read('page')} of ${await card()}`, {
    name: 'page',
    version: db.tables.of(() => 'page'),
  })
  return { db, table, page }
}

describe('what is made of others, in a session that reads a snapshot', () => {
  it('is of the state of that, whatever is kept', async () => {
    const { db, page } = make()
    const snapshot = db.take()
    db.write('users')
    db.write('page')
    expect(await page()).toBe('page 2 of card of users 2')
    expect(await runInSessionOf(snapshot, () => page())).toBe('page 1 of card of users 1')
    db.steps.splice(0)
    expect(await page()).toBe('page 2 of card of users 2') // and has not replaced what is newer
    expect(db.steps).toEqual(['check page', 'check users'])
  })

  it('is nothing that was made outside of one, also where the session of that load saw the version no more', async () => {
    const db = new Database()
    const snapshot = db.take()
    const hold = gate()
    const load = async () => {
      await hold.promise
      return db.read('users')
    }
    const users = versionedLruCache(load, { version: db.tables.of(() => 'users') })
    const page = versionedLruCache(async () => `page of ${await users()}`)
    const session = new Session()
    await session.run(async () => {
      const coming = page()
      await settle()
      db.write('users')
      session.renew()
      await db.tables.current('users')
      hold.open()
      expect(await coming).toBe('page of users 2') // by version 1
    })
    expect(await runInSessionOf(snapshot, () => page())).toBe('page of users 1')
  })

  it('is nothing that was made outside of one: it may be newer than its versions', async () => {
    const { db, page } = make()
    await page()
    db.steps.splice(0)
    expect(await runInSessionOf(db.take(), () => page())).toBe('page 1 of card of users 1')
    expect(db.steps).toContain('load page')
    expect(db.steps).toContain('load users')
  })

  it('is what another one has made, if that saw the same', async () => {
    const { db, page } = make()
    await runInSessionOf(db.take(), () => page())
    db.steps.splice(0)
    expect(await runInSessionOf(db.take(), () => page())).toBe('page 1 of card of users 1')
    expect(await page()).toBe('page 1 of card of users 1')
    expect(db.steps).toEqual(['check page', 'check users', 'check page', 'check users'])
  })

  it('is outdated for all who see something newer, and for nobody else', async () => {
    const { db, page } = make()
    const [one, other] = [db.take(), db.take()]
    await runInSessionOf(one, () => page())
    db.write('users')
    db.steps.splice(0)
    expect(await runInSessionOf(other, () => page())).toBe('page 1 of card of users 1')
    expect(db.steps).toEqual(['check page', 'check users'])
    expect(await page()).toBe('page 1 of card of users 2')
  })

  it('is held to that also by the versions that its loader reads by hand', async () => {
    const db = new Database()
    const list = versionedLruCache(
      async () => {
        await db.tables.current('users')
        return db.read('users')
      },
      { version: db.tables.of(() => 'lists') },
    )
    const loads = () => db.steps.splice(0).filter((step) => step.startsWith('load'))
    await list()
    await runInSessionOf(db.take(), () => list())
    expect(loads()).toEqual(['load users', 'load users']) // the first may be newer than its versions
    await runInSessionOf(db.take(), () => list())
    expect(loads()).toEqual([])
    const unversioned = versionedLruCache(async () => {
      await db.tables.current('users')
      return db.read('users') // outside of the snapshot, since it has no version that is read there
    })
    await unversioned()
    await runInSessionOf(db.take(), () => unversioned())
    await runInSessionOf(db.take(), () => unversioned())
    expect(loads()).toEqual(['load users', 'load users', 'load users'])
  })

  it('joins no load whose part is of another state', async () => {
    const { db, table } = make()
    const hold = gate()
    const held = versionedLruCache(async () => {
      const users = await table('users')
      await hold.promise
      return users
    })
    const old = db.take()
    db.write('users')
    const both = [runInSessionOf(db.take(), () => held()), runInSessionOf(old, () => held())]
    await settle()
    hold.open()
    expect(await Promise.all(both)).toEqual(['users 2', 'users 1'])
  })
})
