import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const run = promisify(execFile)
const tool = (name: string): string => resolve('node_modules/.bin', name)

interface Manifest {
  exports: Record<string, string | { types: string; default: string }>
  dependencies?: Record<string, string>
}

/** The package as a user gets it: packed, and installed in an empty project. */
let project: string
let tarball: string
let manifest: Manifest

beforeAll(async () => {
  manifest = JSON.parse(await readFile('package.json', 'utf8')) as Manifest
  project = await mkdtemp(join(tmpdir(), 'versioned-lru-cache-'))
  const { stdout } = await run('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', project])
  tarball = join(project, stdout.trim().split('\n').at(-1) as string)
  await writeFile(join(project, 'package.json'), JSON.stringify({ type: 'module', private: true }))
  await run('npm', ['install', '--silent', '--offline', '--no-audit', '--no-fund', '--omit=peer', tarball], {
    cwd: project,
  })
}, 120_000)

afterAll(() => rm(project, { recursive: true, force: true }))

describe('the packed package', () => {
  it('exports files that are there, and no integration is forgotten', async () => {
    const installed = join(project, 'node_modules/versioned-lru-cache')
    const targets = Object.values(manifest.exports).flatMap((entry) =>
      typeof entry === 'string' ? entry : Object.values(entry),
    )
    for (const target of targets) expect(existsSync(join(installed, target)), target).toBe(true)
    const integrations = (await readdir('src/integrations')).map((file) => `./${file.replace('.ts', '')}`)
    expect(Object.keys(manifest.exports)).toEqual(['.', ...integrations, './package.json'])
  })

  it('has no dependency', () => {
    expect(manifest.dependencies).toBeUndefined()
  })

  it('carries the licence, the README, and neither tests nor configuration', async () => {
    const files = await readdir(join(project, 'node_modules/versioned-lru-cache'))
    expect(files.sort()).toEqual(['CHANGELOG.md', 'LICENSE', 'README.md', 'dist', 'package.json', 'src'])
  })

  it('works in an empty project, without Express', async () => {
    const script = `
      import { versionedLruCache, runInSession } from 'versioned-lru-cache'
      import { sessions } from 'versioned-lru-cache/express'
      const double = versionedLruCache((n) => n * 2, { version: () => 1 })
      console.log(runInSession(() => double(21)), typeof sessions())`
    await writeFile(join(project, 'use.js'), script)
    const { stdout } = await run(process.execPath, ['use.js'], { cwd: project })
    expect(stdout).toBe('42 function\n')
  })

  it('has types that check in an empty project, without the types of Node or Express', async () => {
    const source = `
      import { versionedLruCache, runInSession } from 'versioned-lru-cache'
      import { sessions } from 'versioned-lru-cache/express'
      const double = versionedLruCache((n: number) => n * 2, { version: async (n) => n })
      export const result: Promise<number> = runInSession(() => double(21))
      export const middleware = sessions()`
    await writeFile(join(project, 'use.ts'), source)
    const options = ['--noEmit', '--strict', '--target', 'es2022', '--module', 'nodenext', 'use.ts']
    for (const compiler of ['typescript', 'typescript-5.4']) {
      await run(process.execPath, [resolve('node_modules', compiler, 'bin/tsc'), ...options], { cwd: project })
    }
  })

  it('satisfies publint', async () => {
    const { stdout } = await run(tool('publint'), ['run', tarball, '--strict'])
    expect(stdout).toContain('All good!')
  })

  it('satisfies "are the types wrong"', async () => {
    const { stdout } = await run(tool('attw'), [tarball, '--profile', 'esm-only', '--no-color']) // throws if they are
    expect(stdout.match(/node16 \(from ESM\): 🟢/g)).toHaveLength(Object.keys(manifest.exports).length)
  })
})
