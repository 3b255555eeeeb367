import { once } from 'node:events'
import { mkdirSync, mkdtempSync, renameSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { InvalidOptionError, runInSession, versionedLruCache } from '../../src/index.ts'
import { fileVersion, fileVersions } from '../../src/integrations/file.ts'

let root: string
const at = (name: string) => join(root, name)
const write = (name: string, text: string) => writeFileSync(at(name), text)

/** As if that many milliseconds had passed since all files were written. */
const grow = (milliseconds: number) =>
  vi.spyOn(Date, 'now').mockReturnValue(Math.ceil(performance.timeOrigin + performance.now()) + milliseconds)

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'file-version-'))
})
afterEach(() => {
  vi.restoreAllMocks()
  rmSync(root, { recursive: true, force: true })
})

describe('the version of a file', () => {
  it.each([0, 10_000])('stays while nothing is written (%i ms later)', async (age) => {
    write('a', 'one')
    grow(age)
    const version = fileVersion(at('a'))
    expect(await version()).toBe(await version())
  })

  it('tells two writes apart that have all times and the size in common', async () => {
    const when = new Date(Date.now() + 3_600_000) // its time is the same, whatever the clock's ticks
    const version = fileVersion(at('a'))
    const texts = ['one', 'two', 'six']
    const contents = new Set<string | undefined>()
    for (const text of texts) {
      write('a', text)
      utimesSync(at('a'), when, when)
      contents.add((await version()).split(' ')[2])
    }
    expect(contents.size).toBe(3)
    expect(contents).not.toContain(undefined)
  })

  it('differs after each of many writes in a row', async () => {
    const version = fileVersion(at('a'))
    const seen = new Set<string>()
    for (let count = 100; count < 300; count++) {
      write('a', `${count}`)
      seen.add(await version())
    }
    expect(seen.size).toBe(200)
  })

  it('is told by its content while it is young or in the future, then no more', async () => {
    write('a', 'one')
    const version = fileVersion(at('a'))
    const young = await version()
    grow(10_000)
    const old = await version()
    expect(young.startsWith(`${old} `)).toBe(true)
    grow(-10_000)
    expect(await version()).toBe(young)
  })

  it('sees old content that comes back with its old time', async () => {
    write('a', 'one')
    utimesSync(at('a'), 1_000, 1_000)
    grow(10_000)
    const version = fileVersion(at('a'))
    const first = await version()
    const { ctimeNs } = statSync(at('a'), { bigint: true })
    write('a', 'two')
    while (statSync(at('a'), { bigint: true }).ctimeNs === ctimeNs) write('a', 'two')
    const second = await version()
    write('a', 'one')
    utimesSync(at('a'), 1_000, 1_000)
    expect(new Set([first, second, await version()]).size).toBe(3)
  })

  it('sees a file that is put in its place', async () => {
    write('a', 'one')
    write('b', 'one')
    for (const name of ['a', 'b']) utimesSync(at(name), 1_000, 1_000)
    grow(10_000)
    const version = fileVersion(at('a'))
    const first = await version()
    renameSync(at('b'), at('a'))
    expect(await version()).not.toBe(first)
  })
})

describe('a missing file', () => {
  it('has a version, which does not come back when the file came and went', async () => {
    const version = fileVersion(at('deep/er/a'))
    grow(10_000)
    const missing = await version()
    expect(await version()).toBe(missing)
    const { ctimeNs } = statSync(root, { bigint: true })
    while (statSync(root, { bigint: true }).ctimeNs === ctimeNs) {
      mkdirSync(at('deep'))
      rmSync(at('deep'), { recursive: true })
    }
    expect(await version()).not.toBe(missing)
  })

  it('has no version twice while its directory is young', async () => {
    const version = fileVersion(at('a'))
    expect(await version()).not.toBe(await version())
  })

  it('is missing below a file as well', async () => {
    write('a', 'one')
    expect(await fileVersion(at('a/b'))()).toMatch(/^nothing in /)
  })
})

describe('a directory', () => {
  it('has a new version when a file in it is written, added, renamed or deleted', async () => {
    mkdirSync(at('sub'))
    write('sub/a', 'one')
    const version = fileVersion(root)
    const seen = [await version()]
    const steps = [
      () => write('sub/a', 'two'),
      () => write('b', ''),
      () => renameSync(at('b'), at('c')),
      () => rmSync(at('sub/a')),
    ]
    for (const step of steps) {
      step()
      seen.push(await version())
    }
    expect(new Set(seen).size).toBe(5)
    expect(await version()).toBe(seen.at(-1))
  })

  it('reads only what the filter lets through', async () => {
    mkdirSync(at('sub/deep'), { recursive: true })
    const asked: string[] = []
    const filter = (path: string) => {
      asked.push(path)
      return path !== 'sub/deep'
    }
    write('sub/deep/a', 'one')
    const version = fileVersion(root, { filter })
    const first = await version()
    write('sub/deep/a', 'two')
    expect(await version()).toBe(first)
    expect(asked).toEqual(['sub', 'sub/deep', 'sub', 'sub/deep'])
  })

  it.each([
    ['a pattern', '**/*.md'],
    ['a function', (path: string) => path.endsWith('.md')],
  ])(
    'has a new version when a file that matches %s is written, added or deleted, however deep',
    async (_what, glob) => {
      vi.spyOn(process, 'emitWarning').mockReturnValue() // that globs are experimental, which they were in Node 20
      mkdirSync(at('sub/deep'), { recursive: true })
      const version = fileVersion(root, { glob })
      const seen = [await version()]
      const steps = [
        () => write('sub/deep/a.md', 'one'),
        () => write('sub/deep/a.md', 'two'),
        () => symlinkSync('sub/deep/a.md', at('b.md')),
        () => rmSync(at('sub/deep/a.md')),
      ]
      for (const step of steps) {
        step()
        seen.push(await version())
      }
      expect(new Set(seen).size).toBe(5)
    },
  )

  it('does not look at files that match no glob: not what is written into them, nor of what kind they are', async () => {
    mkdirSync(at('sub'))
    for (const name of ['a.md', 'sub/b.md', 'sub/c.txt']) write(name, 'one')
    symlinkSync('nowhere', at('sub/link'))
    const server = createServer().listen(at('sub/socket'))
    await once(server, 'listening')
    const version = fileVersion(root, { glob: (path) => path.endsWith('.md') })
    const first = await version()
    write('sub/c.txt', 'two')
    expect(await version()).toBe(first)
    write('sub/b.md', 'two')
    expect(await version()).not.toBe(first)
    server.close()
  })

  it('sees that a file came and went which matches, since its directory tells of it', async () => {
    mkdirSync(at('sub'))
    const version = fileVersion(root, { glob: '**/*.md' })
    const first = await version()
    const { ctimeNs } = statSync(at('sub'), { bigint: true })
    while (statSync(at('sub'), { bigint: true }).ctimeNs === ctimeNs) {
      write('sub/a.md', 'one')
      rmSync(at('sub/a.md'))
    }
    expect(await version()).not.toBe(first)
  })

  it('bears what vanishes while it is read', async () => {
    write('a', 'one')
    mkdirSync(at('b'))
    const filter = (path: string) => {
      rmSync(at(path), { recursive: true })
      return true
    }
    expect(await fileVersion(root, { filter })()).toMatch(/^directory /)
  })

  it('sees what links in it lead to, where that is a file', async () => {
    mkdirSync(at('sub'))
    write('a', 'one')
    symlinkSync('../a', at('sub/link'))
    grow(10_000)
    const version = fileVersion(at('sub'))
    const first = await version()
    write('a', 'three')
    expect(await version()).not.toBe(first)
  })

  it('does not follow links to directories, which may lead back', async () => {
    symlinkSync('.', at('loop'))
    grow(10_000)
    const version = fileVersion(root)
    expect(await version()).toBe(await version())
  })
})

describe('a link', () => {
  it('is told by itself and by what it leads to', async () => {
    write('a', 'one')
    symlinkSync('a', at('link'))
    const version = fileVersion(at('link'))
    expect(await version()).not.toBe(await version()) // too young
    grow(10_000)
    const first = await version()
    expect(await version()).toBe(first)
    write('a', 'three')
    const second = await version()
    rmSync(at('link'))
    symlinkSync('./a', at('link'))
    const third = await version()
    expect(new Set([first, second, third]).size).toBe(3)
  })
})

describe('a link that leads nowhere', () => {
  it('has no version twice: what it leads to may have come and gone', async () => {
    symlinkSync('nowhere', at('link'))
    grow(10_000)
    const version = fileVersion(at('link'))
    expect(await version()).not.toBe(await version())
  })
})

describe('a cached function', () => {
  it('goes by the file that its arguments name, or by a fixed list', async () => {
    const loads: string[] = []
    const load = (name: string) => loads.push(name)
    const files = fileVersions({ name: 'pages' })
    const keyed = versionedLruCache(load, { version: files.of((name) => at(name)) })
    const fixed = versionedLruCache(load, { version: fileVersion([at('a'), pathToFileURL(at('b'))]) })
    const all = () => runInSession(async () => [await keyed('a'), await keyed('b'), await fixed('all')])
    write('a', 'one')
    write('b', 'one')
    await all()
    await all()
    expect(loads.splice(0)).toEqual(['a', 'b', 'all'])
    write('b', 'two')
    await all()
    expect(loads).toEqual(['b', 'all'])
    expect(files.name).toBe('pages')
  })

  it('gets the errors of the file system, and tries again', async () => {
    symlinkSync('a', at('a'))
    const read = versionedLruCache(() => 1, { version: fileVersion(at('a')) })
    await expect(read()).rejects.toMatchObject({ code: 'ELOOP' })
    rmSync(at('a'))
    expect(await read()).toBe(1)
  })
})

describe('what cannot be used', () => {
  it.each<[unknown, unknown, string]>([
    [[], {}, 'The list of paths is empty: give at least one path.'],
    [7, {}, 'The path is 7: give the path of a file or a directory, or a file: URL.'],
    ['', {}, 'The path is "" (a string): give'],
    ['a\0', {}, 'The path is "a\\u0000" (a string): give'],
    [new URL('http://x/'), {}, 'The path is the URL http://x/: give'],
    ['a', null, 'The options are null: give an object such as { filter }.'],
    ['a', 1, 'The options are 1: give an object'],
    ['a', { match: '*' }, 'There is no option "match". The options are "name", "filter", "glob", "timeout".'],
    ['a', { glob: '' }, 'The option "glob" is "" (a string): give a pattern, or a function of a path.'],
    ['a', { glob: /md/ }, 'The option "glob" is a RegExp: give a pattern'],
    ['a', { filter: '*' }, 'The option "filter" is "*" (a string): give a function of a path.'],
    ['a', { timeout: -1 }, 'The option "timeout" is -1: give'],
    ['a', { name: '' }, 'The option "name" is "" (a string): give'],
  ])('is refused with what to do: %j %j', (path, options, message) => {
    const make = () => fileVersion(path as string, options as object)
    expect(make).toThrow(InvalidOptionError)
    expect(make).toThrow(message)
  })

  it('is refused by the call where the path is its key', async () => {
    await expect(fileVersions()('')).rejects.toThrow(InvalidOptionError)
  })

  it('is neither a file nor a directory', async () => {
    const server = createServer().listen(at('socket'))
    await once(server, 'listening')
    const refused = expect(fileVersion(root)()).rejects
    await refused.toThrow(`${at('socket')} is neither a file nor a directory`)
    expect(await fileVersion(root, { filter: (path) => path !== 'socket' })()).toMatch(/^directory /)
    server.close()
  })
})
