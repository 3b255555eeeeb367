import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { composite, counter, InvalidOptionError, versionedLruCache } from '../../src/index.ts'
import { type BuildIdOptions, buildId } from '../../src/integrations/build.ts'
import { describeWith, installed } from '../support/installed.ts'

let root: string
const at = (name: string) => join(root, name)
const write = (name: string, text: string) => {
  mkdirSync(dirname(at(name)), { recursive: true })
  writeFileSync(at(name), text)
}
const idOf = (options: BuildIdOptions) => buildId(options)()

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'build-id-'))
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

describe('the identifier of a build', () => {
  it('is what the deployment says, and stays what it was when it was made', () => {
    const options = { value: 'v1' }
    const build = buildId(options)
    options.value = 'v2'
    expect(build()).toBe('value v1')
    expect(idOf(options)).toBe('value v2')
  })

  it('outdates what goes by it beside other sources, and leaves it synchronous', () => {
    const notes = counter({ name: 'notes' })
    const versionIn = (value: string) => {
      const version = composite({ name: 'page', sources: [notes, buildId({ value })] })
      const page = versionedLruCache((name: string) => `page ${name}`, { version })
      expect(page('a')).toBe('page a')
      return page.dependency('a').pinVersion()
    }
    expect(versionIn('2')).not.toEqual(versionIn('1'))
    expect(versionIn('1')).toEqual(versionIn('1'))
  })
})

describe('the files of a build', () => {
  const NAMES = ['dist/b/a', 'dist/a', 'dist/a-b', 'lock']
  const make = (folder: string) => {
    for (const name of NAMES) write(`${folder}/${name}`, name)
    symlinkSync('a', at(`${folder}/dist/link`))
  }
  const id = (folder: string) => idOf({ files: ['dist', 'lock'].map((name) => at(`${folder}/${name}`)) })

  it('give the same wherever and whenever they were copied', () => {
    make('one')
    cpSync(at('one'), at('two'), { recursive: true, verbatimSymlinks: true })
    expect(id('one')).toMatch(/^files [\w-]{43}$/)
    expect(id('two')).toBe(id('one'))
  })

  it('give another one when any of them is written, added, renamed, deleted or linked anew', () => {
    make('one')
    const steps = [
      () => write('one/dist/a', 'new'),
      () => write('one/dist/c', ''),
      () => renameSync(at('one/dist/c'), at('one/dist/d')),
      () => rmSync(at('one/dist/b'), { recursive: true }),
      () => write('one/lock', 'new'),
      () => [rmSync(at('one/dist/link')), symlinkSync('c', at('one/dist/link'))],
    ]
    const seen = new Set([id('one')])
    for (const step of steps) {
      step()
      seen.add(id('one'))
    }
    expect(seen.size).toBe(7)
  })

  it('are counted without what is installed, and without names that begin with a dot', () => {
    make('one')
    const first = id('one')
    write('one/dist/node_modules/a', 'a')
    write('one/dist/b/.cache/a', 'a')
    expect(id('one')).toBe(first)
    expect(idOf({ files: at('one/lock') })).not.toBe(first)
  })
})

describeWith(await installed('git', ['git']), 'the commit of a build', () => {
  const git = (folder: string, ...args: string[]) => {
    const settings = ['user.name=a', 'user.email=a@x', 'init.defaultBranch=main', 'commit.gpgsign=false']
    const all = ['-C', at(folder), ...settings.flatMap((setting) => ['-c', setting]), ...args]
    return execFileSync('git', all, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
  }
  const commit = (message: string) => git('.', 'commit', '--allow-empty', '-m', message)
  const expectHead = (folder = '.') =>
    expect(idOf({ commit: at(folder) })).toBe(`commit ${git(folder, 'rev-parse', 'HEAD')}`)

  it('is that of the working tree, also from a directory in it, packed, detached, or in a further working tree', () => {
    git('.', 'init')
    commit('one')
    mkdirSync(at('src/deep'), { recursive: true })
    expectHead()
    expectHead('src/deep')
    git('.', 'pack-refs', '--all')
    expectHead()
    commit('two')
    expectHead()
    git('.', 'checkout', '--detach')
    commit('three')
    expectHead()
    git('.', 'worktree', 'add', 'further', 'main')
    expectHead('further')
  })

  it('is an error that says what to do where there is none', () => {
    write('src/a', '')
    git('.', 'init')
    expect(() => idOf({ commit: at('src') })).toThrow(/\.git has no commit that can be read: give its hash as/)
    rmSync(at('.git/HEAD'))
    expect(() => idOf({ commit: at('src') })).toThrow(InvalidOptionError)
    rmSync(at('.git'), { recursive: true })
    expect(() => idOf({ commit: at('src') })).toThrow('There is no ".git" where "commit" says, nor above it: give')
  })
})

describe('what tells no build', () => {
  it.each<[unknown, string]>([
    [
      undefined,
      'The options are undefined, which tells no build: give { value: process.env.COMMIT }, { commit: "." } or',
    ],
    [null, 'The options are null, which tells no build: give'],
    [{}, 'The options are an object, which tells no build: give'],
    [{ version: '1' }, 'The options are those of version: give'],
    [{ value: '1', commit: '.' }, 'The options are those of value, commit: give'],
    [{ value: undefined }, 'The option "value" is undefined, which is the same in every build: give a string'],
    [{ value: '' }, 'The option "value" is "" (a string), which is the same in every build'],
    [{ commit: 1 }, 'The option "commit" is 1, which is the same in every build'],
    [{ files: 1 }, 'A path in "files" is 1: give the path of a file or directory.'],
    [{ files: ['src', ''] }, 'A path in "files" is "" (a string): give'],
    [{ files: [] }, 'There are no files in [], which tells no build: give'],
  ])('is refused with what to do: %j', (options, message) => {
    const make = () => buildId(options as BuildIdOptions)
    expect(make).toThrow(InvalidOptionError)
    expect(make).toThrow(message)
  })

  it('is an empty directory, or a file that is missing', () => {
    expect(() => buildId({ files: root })).toThrow('There are no files in')
    expect(() => buildId({ files: at('a') })).toThrow('ENOENT')
  })
})
