import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { nodeFor } from './support/newer-node.ts'

const run = promisify(execFile)
const tool = (name: string): string => resolve('node_modules/.bin', name)

interface Manifest {
  exports: Record<string, string | { types: string; default: string }>
  dependencies?: Record<string, string>
  devDependencies: Record<string, string>
}

const COMPILER_OPTIONS = ['--strict', '--target', 'es2022', '--module', 'nodenext']
const LEGACY_DECORATORS = ['--experimentalDecorators', '--emitDecoratorMetadata']
const NODE_TYPES = ['--types', 'node']

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

  it('says which package is missing, where one is needed', async () => {
    const subpaths = Object.keys(manifest.exports).slice(1, -1)
    const imports = subpaths.map((subpath) => `import(${JSON.stringify(subpath.replace('.', 'versioned-lru-cache'))})`)
    const script = `
      for (const result of await Promise.allSettled([${imports.join(', ')}])) {
        console.log(result.status, result.reason?.message.replace(/ imported from .*/, '') ?? '')
      }`
    await writeFile(join(project, 'missing.js'), script)
    const { stdout } = await run(process.execPath, ['missing.js'], { cwd: project })
    const expected = subpaths.map((subpath) =>
      subpath === './nest' ? "rejected Cannot find package 'rxjs'" : 'fulfilled ',
    )
    expect(stdout.split('\n').slice(0, -1)).toEqual(expected)
  })

  it('works in an empty project, without a framework', async () => {
    const script = `
      import { versionedLruCache, runInSession } from 'versioned-lru-cache'
      import { sessions } from 'versioned-lru-cache/express'
      const double = versionedLruCache((n) => n * 2, { version: () => 1 })
      console.log(runInSession(() => double(21)), typeof sessions())`
    await writeFile(join(project, 'use.js'), script)
    const { stdout } = await run(process.execPath, ['use.js'], { cwd: project })
    expect(stdout).toBe('42 function\n')
  })

  it('has types that check in an empty project, without a framework and without the types of Node', async () => {
    const source = `
      import { versionedLruCache, runInSession } from 'versioned-lru-cache'
      const double = versionedLruCache((n: number) => n * 2, { version: async (n) => n })
      export const result: Promise<number> = runInSession(() => double(21))`
    await writeFile(join(project, 'use.ts'), source)
    const options = ['--noEmit', ...COMPILER_OPTIONS, 'use.ts']
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

/** What a user installs beside the package. The code that is compiled and run is the first of the page. */
const FRAMEWORKS: Record<string, string[]> = {
  build: ['@types/node'],
  express: ['express', '@types/express'],
  fastify: ['fastify', '@types/node'],
  file: ['@types/node'],
  hono: ['hono'],
  http: ['@types/node'],
  keyv: ['keyv', 'devalue', '@types/node'],
  koa: ['koa', '@types/koa', '@koa/router'],
  nest: ['@nestjs/common', '@nestjs/core', '@nestjs/platform-express', 'reflect-metadata', 'rxjs', '@types/node'],
  postgres: ['pg', '@types/pg', '@types/node'],
  redis: ['redis', '@types/node'],
  sqlite: ['better-sqlite3', '@types/better-sqlite3', '@types/node'],
}

/** Those that need the same are tried in one project. */
const GROUPS = [...new Set(Object.values(FRAMEWORKS).map(String))].map((needed) =>
  Object.keys(FRAMEWORKS).filter((name) => String(FRAMEWORKS[name]) === needed),
)

const pageOf = (name: string) =>
  [`docs/frameworks/${name}.md`, `docs/sources/${name}.md`, `docs/tiers/${name}.md`].find(existsSync) as string

describe('the packed package, with one framework and nothing else', () => {
  it('is tried with each of them', () => {
    expect(Object.keys(FRAMEWORKS)).toEqual(
      Object.keys(manifest.exports)
        .slice(1, -1)
        .map((name) => name.slice(2)),
    )
  })

  it.concurrent.each(GROUPS.map((names) => [String(names), names] as const))(
    'installs, type-checks and runs: %s',
    async (_, names) => {
      const [framework = ''] = names
      const folder = await mkdtemp(join(tmpdir(), `versioned-lru-cache-${framework}-`))
      try {
        await writeFile(join(folder, 'package.json'), JSON.stringify({ type: 'module', private: true }))
        const packages = FRAMEWORKS[framework]?.map((name) => `${name}@${manifest.devDependencies[name]}`) ?? []
        const options = ['--silent', '--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts']
        await run('npm', ['install', ...options, tarball, ...packages], { cwd: folder })
        for (const name of names) await tryFirstCodeOf(name, folder)
        expect(await readdir(join(folder, 'node_modules'))).not.toContain('vitest')
      } finally {
        await rm(folder, { recursive: true, force: true })
      }
    },
    120_000,
  )
})

async function tryFirstCodeOf(framework: string, folder: string): Promise<void> {
  const page = await readFile(pageOf(framework), 'utf8')
  const [, kind, code] = /```ts(.*)\n([\s\S]*?)```/.exec(page) as unknown as string[]
  await writeFile(join(folder, `${framework}.ts`), code as string)
  const compiler = resolve('node_modules/typescript/bin/tsc')
  const decorators = kind === '' ? [] : LEGACY_DECORATORS
  const types = FRAMEWORKS[framework]?.includes('@types/node') ? NODE_TYPES : []
  await run(process.execPath, [compiler, ...COMPILER_OPTIONS, ...decorators, ...types, `${framework}.ts`], {
    cwd: folder,
  })
  await run(await nodeFor(code as string), [`${framework}.js`], { cwd: folder })
}
