import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Snapshot } from '../../src/core/snapshot.ts'
import { gate } from '../support/gate.ts'
import { type LibraryCopy, libraryCopy } from '../support/library-copy.ts'
import { MemoryStore } from '../support/memory-store.ts'

const store = new MemoryStore()
let copies: LibraryCopy[]
let version: number
let count = 0

beforeAll(async () => {
  copies = [await libraryCopy(store), await libraryCopy(store)]
})

beforeEach(() => {
  count++
  version = 1
  store.texts.clear()
  store.leases.clear()
})

/** In each process: a table of one row, which is read in the session's snapshot, if it has one. */
function inBoth(wait: () => Promise<void> = async () => undefined) {
  const made = copies.map(({ versionedLruCache, snapshots, tier }) => {
    const database = {}
    const taken = new WeakMap<Snapshot, number>()
    const seen = () => {
      const snapshot = snapshots.currentSnapshot()
      return (snapshot && taken.get(snapshot)) ?? version
    }
    const tables = snapshots.databaseVersionSource(database, {
      name: `tables ${count}`,
      readMany: async (keys: readonly undefined[]) => keys.map(seen),
    })
    const row = versionedLruCache(
      async () => {
        await wait()
        return seen()
      },
      { name: `row ${count}`, version: tables, tier, tierTimeout: 10_000 },
    )
    const page = versionedLruCache(async () => [await row()], { name: `page ${count}`, tier, tierTimeout: 10_000 })
    const inSnapshot = <R>(fn: () => R): R => {
      const snapshot = new snapshots.Snapshot(database)
      taken.set(snapshot, version)
      return snapshots.runInSessionOf(snapshot, fn)
    }
    return { row, page, inSnapshot }
  })
  return made as unknown as [(typeof made)[0], (typeof made)[0]]
}

const settled = () => vi.waitFor(() => expect(store.held).toBe(0))

describe('a session that reads a snapshot', () => {
  it('does not take what another process has loaded outside of one: that may be newer than its version', async () => {
    const [here, there] = inBoth()
    expect([await here.page(), await here.row()]).toEqual([[1], 1])
    await settled()
    expect(await there.inSnapshot(there.row)).toBe(1)
    expect(await there.inSnapshot(there.page)).toEqual([1])
    expect([there.row.stats().loads, there.page.stats().loads]).toEqual([1, 1])
  })

  it('takes what was loaded in one, and so do others', async () => {
    const [here, there] = inBoth()
    await here.inSnapshot(async () => [await here.row(), await here.page()])
    await settled()
    expect(await there.inSnapshot(there.row)).toBe(1)
    expect(await there.page()).toEqual([1])
    expect([there.row.stats().loads, there.page.stats().loads]).toEqual([0, 0])
  })

  it('does not wait for what another process loads', async () => {
    const { promise, open } = gate<void>()
    let waits = 0
    const [here, there] = inBoth(() => (waits++ === 0 ? promise : Promise.resolve()))
    const first = here.row()
    await vi.waitFor(() => expect(waits).toBe(1))
    expect(await there.inSnapshot(there.row)).toBe(1)
    expect(there.row.stats().tier).toMatchObject({ waits: 0 })
    open()
    await first
  })
})
