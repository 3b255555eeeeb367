import { describe, expect, it } from 'vitest'
import { currentSnapshot } from '../src/core/context.ts'
import { runInSessionOf } from '../src/core/session.ts'
import { Snapshot } from '../src/core/snapshot.ts'
import { databaseVersionSource } from '../src/core/version-source.ts'
import { versionedLruCache } from '../src/index.ts'
import { gate, settle } from './support/gate.ts'

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
