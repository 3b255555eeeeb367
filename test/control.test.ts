import { describe, expect, it } from 'vitest'
import { runInSession, Session, versionedLruCache } from '../src/index.ts'
import { outcomeOf } from './support/gate.ts'
import { gated } from './support/world.ts'

// The table under "Control" in the README: a row is a call, a column is what it does to whom.

type Control = 'invalidate' | 'clear' | 'refresh'

/** An entry is kept, another key too; two sessions have it pinned; then a load of a newer version runs. */
async function stage() {
  const world = { version: 1 }
  const loads = gated<[string], string>()
  const cached = versionedLruCache(loads.fn, { version: () => world.version })
  const caller = new Session()
  const other = new Session()
  const load = (index: number) => loads.runs[index] as (typeof loads.runs)[number]
  const first = caller.run(() => cached('eu'))
  other.run(() => cached('eu'))
  const elsewhere = caller.run(() => cached('us'))
  load(0).open('kept')
  load(1).open('elsewhere')
  await first
  await elsewhere
  world.version = 2
  const running = runInSession(() => cached('eu'))
  const control = (name: Control) => {
    if (name === 'clear') return caller.run(() => cached.clear())
    return caller.run(() => outcomeOf(Promise.resolve(cached[name]('eu'))))
  }
  return { cached, world, caller, other, running, load, loads: loads.runs, control }
}

describe.each<Control>(['invalidate', 'clear', 'refresh'])('%s', (name) => {
  it('running loads: their callers get what they bring, but it is not kept', async () => {
    const { control, running, load, cached } = await stage()
    void control(name)
    load(2).open('overtaken')
    expect(await running).toBe('overtaken')
    expect(cached.peek('eu')).not.toBe('overtaken')
  })

  it('running loads: nobody joins them any more', async () => {
    const { control, cached, loads, load } = await stage()
    void control(name)
    const late = runInSession(() => cached('eu'))
    expect(loads).toHaveLength(4)
    load(2).open('overtaken')
    load(3).open('new')
    expect(await late).toBe('new')
    expect(cached.peek('eu')).toBe('new')
  })

  it('what is kept', async () => {
    const { control, cached, load } = await stage()
    const done = control(name)
    expect(cached.peek('eu')).toBe(name === 'refresh' ? 'kept' : undefined)
    expect(cached.peek('us')).toBe(name === 'clear' ? undefined : 'elsewhere')
    if (name !== 'refresh') return
    load(3).open('refreshed')
    await done
    expect(cached.peek('eu')).toBe('refreshed')
  })

  it('the pins of the caller', async () => {
    const { control, caller, cached, load, loads } = await stage()
    void control(name)
    const again = caller.run(() => cached('eu'))
    expect(loads).toHaveLength(4)
    load(3).open('own write')
    expect(await again).toBe('own write')
    expect(caller.versions()).toContainEqual({ source: 'fn', key: '("eu")', version: 2 })
    const us = caller.run(() => cached('us'))
    if (name === 'clear') load(4).open('anew')
    expect(await us).toBe(name === 'clear' ? 'anew' : 'elsewhere')
  })

  it('the pins of others', async () => {
    const { control, other, cached } = await stage()
    void control(name)
    expect(await other.run(() => cached('eu'))).toBe('kept')
    expect(other.versions()).toEqual([{ source: 'fn', key: '("eu")', version: 1 }])
  })
})

describe('refresh', () => {
  it('leaves what is kept in place when it fails, and the caller tries again', async () => {
    const { control, caller, cached, load } = await stage()
    const failed = control('refresh')
    load(3).fail(new Error('no database'))
    expect(await failed).toMatchObject({ error: { message: 'no database' } })
    expect(cached.peek('eu')).toBe('kept')
    const again = caller.run(() => cached('eu'))
    load(4).open('at last')
    expect(await again).toBe('at last')
  })

  it('shares its load with those who refresh at the same time', async () => {
    const checks = gated<[], number>()
    let loads = 0
    const cached = versionedLruCache(async () => ++loads, { version: checks.fn })
    const calls = [1, 2, 3].map(() => runInSession(() => cached.refresh()))
    checks.runs[0]?.open(1)
    await calls[0]
    checks.runs[1]?.open(1)
    await Promise.all(calls)
    expect(checks.runs).toHaveLength(2)
    expect(loads).toBeLessThanOrEqual(2)
  })
})

describe.each(['invalidate', 'clear', 'refresh'] as const)('%s, by way of what was made of the output', (control) => {
  function make(inSession: boolean) {
    const data = { value: 1 }
    const inner = versionedLruCache(async (id: string) => `${id}${data.value}`, { version: () => 'v', equals: true })
    const middle = versionedLruCache(async (id: string) => `middle of ${await inner(id)}`)
    const outer = versionedLruCache(async () => `outer of ${await middle('a')}`)
    const run = inSession ? runInSession : <R>(fn: () => R): R => fn()
    const write = async () => {
      data.value++
      await inner[control]('a')
    }
    return { outer, run, write }
  }

  it('lets a writer read its own write', async () => {
    const { outer, run, write } = make(true)
    await run(async () => {
      expect(await outer()).toBe('outer of middle of a1')
      await write()
      expect(await outer()).toBe('outer of middle of a2')
    })
  })

  it('also in a load', async () => {
    const { outer, run, write } = make(true)
    const writer = versionedLruCache(async () => {
      const before = await outer()
      await write()
      return [before, await outer()]
    })
    expect(await run(() => writer())).toEqual(['outer of middle of a1', 'outer of middle of a2'])
  })

  it('lets no later session have what was made of it before', async () => {
    const { outer, run, write } = make(false)
    expect(await run(() => outer())).toBe('outer of middle of a1')
    await write()
    expect(await run(() => outer())).toBe('outer of middle of a2')
  })

  it('leaves other sessions what they have pinned', async () => {
    const { outer, write } = make(true)
    const other = new Session()
    expect(await other.run(() => outer())).toBe('outer of middle of a1')
    await runInSession(write)
    expect(await other.run(() => outer())).toBe('outer of middle of a1')
  })
})
