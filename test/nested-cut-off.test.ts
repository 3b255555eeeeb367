import { describe, expect, it } from 'vitest'
import { runInSession, Session, versionedLruCache } from '../src/index.ts'
import { gate, settle } from './support/gate.ts'
import { versionIn, whole } from './support/nested.ts'
import { World } from './support/world.ts'

/** A page that is made of settings, which are compared, and have a version that moves oftener than they do. */
function configured(options: object = { equals: true }) {
  const world = new World()
  const data = { colors: ['red'] }
  const settings = whole(world, 'settings', () => structuredClone(data), {
    version: versionIn(world, 'settings'),
    ...options,
  })
  const page = whole(world, 'page', async () => `in ${(await settings()).colors.join(' and ')}`)
  const write = (...colors: string[]): void => {
    data.colors = colors
    world.write('settings')
  }
  return { world, settings, page, write }
}

describe('a part with "equals"', () => {
  it('outdates nothing when it is loaded again and is equal: only it is brought up to date', async () => {
    const { world, page, write } = configured()
    expect(await page()).toBe('in red')
    expect(world.take()).toEqual(['load page', 'check settings', 'load settings'])
    write('red')
    expect(await page()).toBe('in red')
    expect(world.take()).toEqual(['check settings', 'load settings'])
    expect(await page()).toBe('in red')
    expect(world.take()).toEqual(['check settings'])
  })

  it('is different while it is served stale: what is made of it is returned, and not kept', async () => {
    let isDown = false
    const version = async () => {
      if (isDown) throw new Error('down')
      return 1
    }
    const { page } = configured({ equals: true, version, staleIfError: 60_000 })
    await page()
    isDown = true
    expect(await page()).toBe('in red')
    expect(page.stats()).toMatchObject({ loads: 2, hits: 0, unkept: 1 })
    isDown = false
    expect(await page()).toBe('in red')
    expect(page.stats()).toMatchObject({ loads: 2, hits: 1 })
  })

  it('outdates what was made of it when it is different', async () => {
    const { world, page, write } = configured()
    await page()
    write('blue')
    world.take()
    expect(await page()).toBe('in blue')
    expect(world.take()).toEqual(['check settings', 'load settings', 'load page'])
  })

  it('outdates without it: the same part with no "equals"', async () => {
    const { world, page, write } = configured({})
    await page()
    write('red')
    world.take()
    await page()
    expect(world.take()).toEqual(['check settings', 'load page', 'load settings'])
  })

  it('says by a function what is equal, of the one that is kept and the one that is loaded', async () => {
    const compared: unknown[] = []
    const equals = (kept: { colors: string[] }, loaded: { colors: string[] }): boolean => {
      compared.push([kept.colors, loaded.colors])
      return kept.colors.length === loaded.colors.length
    }
    const { world, page, write } = configured({ equals })
    await page()
    expect(compared).toEqual([])
    write('blue')
    world.take()
    expect(await page()).toBe('in red')
    expect(world.take()).toEqual(['check settings', 'load settings'])
    write('blue', 'green')
    expect(await page()).toBe('in blue and green')
    expect(compared).toEqual([
      [['red'], ['blue']],
      [['blue'], ['blue', 'green']],
    ])
  })

  it('outdates when its output comes back: between the two it was another one', async () => {
    const { world, settings, page, write } = configured()
    await page() // 1. of red
    write('blue')
    await settings() // 2. blue, which nobody has made a page of
    write('red')
    await settings() // 3. red again
    world.take()
    expect(await page()).toBe('in red')
    expect(world.take()).toEqual(['check settings', 'load page'])
  })

  it('outdates when there is nothing left to compare with: it was evicted', async () => {
    const world = new World()
    const row = versionedLruCache(async (id: string) => ({ id }), {
      version: async (id: string) => world.check(id),
      max: 1,
      equals: true,
    })
    const page = whole(world, 'page', async () => (await row('a')).id)
    await page()
    await row('b')
    world.take()
    expect(await page()).toBe('a')
    expect(world.take()).toEqual(['check a', 'load page'])
  })

  it('outdates when it was invalidated, though it is equal', async () => {
    const { world, settings, page } = configured()
    await page()
    settings.invalidate()
    world.take()
    await page()
    expect(world.take()).toEqual(['check settings', 'load settings', 'load page'])
  })

  it('hides what it was made of itself', async () => {
    const world = new World()
    const rows = whole(world, 'rows', () => world.versionOf('rows'), { version: versionIn(world, 'rows') })
    const isMany = whole(world, 'isMany', async () => (await rows()) > 2, { equals: true })
    const page = whole(world, 'page', async () => ((await isMany()) ? 'many' : 'few'))
    await page()
    world.take()
    world.write('rows')
    expect(await page()).toBe('few')
    expect(world.take()).toEqual(['check rows', 'load isMany', 'load rows'])
    world.write('rows')
    expect(await page()).toBe('many')
    expect(world.take()).toEqual(['check rows', 'load isMany', 'load rows', 'load page'])
  })

  it('outdates nothing beside others of its kind: each is brought up to date', async () => {
    const world = new World()
    const parts = ['a', 'b', 'c'].map((name) =>
      whole(world, name, () => world.versionOf(name) > 2, { version: versionIn(world, name), equals: true }),
    )
    const page = whole(world, 'page', () => Promise.all(parts.map((ask) => ask())))
    await page()
    for (const name of ['a', 'b', 'c']) world.write(name)
    world.take()
    expect(await page()).toEqual([false, false, false])
    expect(world.take().filter((step) => step.startsWith('load'))).toEqual(['load a', 'load b', 'load c'])
    world.write('c')
    expect(await page()).toEqual([false, false, true])
  })

  it('is loaded once for all who look at it at once', async () => {
    const { world, page, write } = configured()
    const other = whole(world, 'other', () => page())
    await other()
    write('red')
    world.take()
    await Promise.all([other(), page(), runInSession(() => page())])
    expect(world.take().filter((step) => step.startsWith('load'))).toEqual(['load settings'])
  })

  it('is taken from the pins of a session that has it, which is then no newer than the page it gets', async () => {
    const { world, settings, page, write } = configured()
    const old = new Session()
    await old.run(() => settings())
    write('blue')
    await page()
    world.take()
    expect(await old.run(() => page())).toBe('in red')
    expect(world.take()).toEqual(['load page'])
    expect(await page()).toBe('in blue')
    expect(world.take()).toEqual(['check settings'])
  })

  it('that fails to be brought up to date is a difference: the loader of the page sees how it fails', async () => {
    const world = new World()
    let isBroken = false
    const settings = whole(
      world,
      'settings',
      () => {
        if (isBroken) throw new Error('down')
        return 'red'
      },
      { version: versionIn(world, 'settings'), equals: true },
    )
    const page = whole(world, 'page', () => settings().catch(() => 'none'))
    expect(await page()).toBe('red')
    isBroken = true
    expect(await page()).toBe('red') // its version has not moved
    world.write('settings')
    expect(await page()).toBe('none')
    isBroken = false
    world.write('settings')
    expect(await page()).toBe('red')
  })

  it('is asked as it was: with arguments that the caller has changed since, it counts as different', async () => {
    const world = new World()
    const query = { page: 1 }
    const rows = versionedLruCache(async (asked: { page: number }) => `rows of ${asked.page}`, { equals: true })
    const list = whole(world, 'list', () => rows(query))
    expect(await list()).toBe('rows of 1')
    query.page = 2
    expect(await list()).toBe('rows of 2')
  })

  it('is compared for nobody where nothing is replaced: the output of a load that was overtaken', async () => {
    const hold = gate()
    const world = new World()
    const compared: unknown[] = []
    let isHeld = true
    const settings = whole(
      world,
      'settings',
      async () => {
        const version = world.versionOf('settings')
        if (isHeld) await hold.promise
        return version
      },
      { version: versionIn(world, 'settings'), equals: (...both: unknown[]) => compared.push(both) > 0 },
    )
    const old = settings() // 1. loads version 1
    await settle()
    world.write('settings')
    isHeld = false
    expect(await settings()).toBe(2) // 2. version 2 has landed
    hold.open()
    expect(await old).toBe(1) // 3. is kept by nobody
    expect(compared).toEqual([])
  })

  it.each<[string, () => unknown, string]>([
    ['throws', () => JSON.parse('{'), 'JSON'],
    ['gives a promise', async () => true, '"equals" gave a Promise: give true or false.'],
    ['gives nothing', () => undefined, '"equals" gave undefined: give true or false.'],
  ])('fails the call when its function %s, and keeps what there was', async (_what, equals, message) => {
    const { world, settings, page, write } = configured({ equals })
    await page()
    write('blue')
    await expect(settings()).rejects.toThrow(message)
    expect(settings.stats()).toMatchObject({ entries: 1, runningLoads: 0 })
    world.take()
    await expect(page()).rejects.toThrow(message)
    expect(world.take()).toEqual(['check settings', 'load settings', 'load page', 'load settings'])
  })
})

describe('functions that are synchronous', () => {
  it('are cut off as well', () => {
    const world = new World()
    const parity = versionedLruCache(() => world.load('n').version % 2, {
      version: () => world.check('n'),
      equals: true,
    })
    const page = versionedLruCache(() => {
      world.steps.push('load page')
      return parity() === 0 ? 'even' : 'odd'
    })
    expect(page()).toBe('odd')
    world.take()
    world.write('n')
    world.write('n')
    expect(page()).toBe('odd')
    expect(world.take()).toEqual(['check n', 'load n'])
    world.write('n')
    expect(page()).toBe('even')
    expect(world.take()).toEqual(['check n', 'load n', 'load page'])
  })
})
