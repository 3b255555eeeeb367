import { execFile } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, it } from 'vitest'
import { documentedRows } from './contracts/source-faults.ts'
import { nodeFor } from './support/newer-node.ts'

const run = promisify(execFile)

/** Inside the project, so that the code imports the package by its name, as a reader will. */
const FOLDER = '.reports/docs'

/** In it: what is written with `experimentalDecorators`, compiled as its users' compiler does, with the types of parameters. */
const LEGACY = 'legacy-decorators'

const readme = await readFile('README.md', 'utf8')
const pages = ['README.md', ...readdirSync('docs', { recursive: true, encoding: 'utf8' }).map((file) => `docs/${file}`)]
  .filter((file) => file.endsWith('.md'))
  .map((file) => ({ file, text: readFileSync(file, 'utf8') }))

/** All code in TypeScript, by the name of the file in which it is tried out. */
const blocks = pages.flatMap(({ file, text }) =>
  [...text.matchAll(/```ts( legacy-decorators)?\n([\s\S]*?)```/g)].map(([, legacy, code], index) => ({
    name: `${legacy ? `${LEGACY}/` : ''}${file.replaceAll('/', '-').replace('.md', '')}-${index}.ts`,
    code: code as string,
  })),
)

/** `console.log(…) // → a, b` says what is printed up to and with that line. */
function printedBy(code: string): string[] {
  return [...code.matchAll(/\/\/ → (.*)/g)].flatMap(([, printed]) => (printed as string).split(', '))
}

beforeAll(async () => {
  await rm(FOLDER, { recursive: true, force: true })
  await mkdir(join(FOLDER, LEGACY), { recursive: true })
  for (const { name, code } of blocks) await writeFile(join(FOLDER, name), code)
  await Promise.all(blocks.map(({ code }) => nodeFor(code))) // brings what is not there yet
  await writeFile(
    join(FOLDER, 'tsconfig.json'),
    JSON.stringify({
      extends: '../../tsconfig.json',
      compilerOptions: { noEmit: false, rootDir: '.', outDir: '.' },
      include: ['.'],
      exclude: [LEGACY],
    }),
  )
  const compilerOptions = { emitDecoratorMetadata: true, erasableSyntaxOnly: false, noEmit: false, rootDir: '../../..' }
  await writeFile(
    join(FOLDER, LEGACY, 'tsconfig.json'),
    JSON.stringify({ extends: '../../../tsconfig.legacy.json', compilerOptions, include: ['.'], exclude: [] }),
  )
})

const tsc = (project: string) => run(process.execPath, ['node_modules/typescript/bin/tsc', '-p', project])

let compiled: Promise<unknown> | undefined
function compile(): Promise<unknown> {
  compiled ??= Promise.all([tsc(FOLDER), tsc(join(FOLDER, LEGACY))])
  return compiled
}

describe('the code in the README and the docs', () => {
  it('is there', () => {
    expect(blocks.length).toBeGreaterThanOrEqual(4)
    expect(printedBy(blocks[0]?.code as string)).toContain('load eu')
  })

  it('type-checks', async () => {
    await compile()
  })

  it.each(blocks)('runs and prints what it says: $name', async ({ name, code }) => {
    await compile()
    const { stdout } = await run(await nodeFor(code), [join(FOLDER, name.replace(/ts$/, 'js'))])
    expect(stdout.split('\n').slice(0, -1)).toEqual(printedBy(code))
  })
})

describe('the README and the docs', () => {
  it.each(pages)('link to files and headings that are there: $file', ({ file, text }) => {
    for (const [, target = '', heading] of text.matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]+))?\)/g)) {
      const path = target === '' ? file : join(dirname(file), target)
      expect(existsSync(path), path).toBe(true)
      if (heading !== undefined) expect(headingsOf(readFileSync(path, 'utf8')), path).toContain(heading)
    }
  })
})

/** As they are linked to: `## LRU or SIEVE` by `#lru-or-sieve`. */
function headingsOf(text: string): string[] {
  const headings = [...text.matchAll(/^#+ (.*)$/gm)]
  return headings.map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  )
}

describe('the README', () => {
  it('lists every option, with its default', async () => {
    const { readOptions } = await import('../src/core/settings.ts')
    const settings = readOptions({})
    for (const [name, value] of Object.entries(settings)) {
      const row = readme.split('\n').find((line) => line.startsWith('|') && line.includes(`\`${name}\``))
      expect(row, name).toBeDefined()
      const shown = row?.split('|')[2]?.replaceAll(' ', '')
      if (typeof value === 'number' && Number.isFinite(value)) expect(shown, name).toBe(String(value))
    }
  })

  it('names every error code', async () => {
    const errors = await import('../src/core/errors.ts')
    const codes = Object.values(errors)
      .filter((item) => typeof item === 'function' && item.prototype instanceof errors.VersionedLruCacheError)
      .map((Class) => Reflect.construct(Class, ['x', 'y']).code as string)
    expect(codes.length).toBeGreaterThan(5)
    for (const code of codes) expect(readme.includes(code), code).toBe(true)
  })
})

describe('the table of faults', () => {
  const files = readdirSync('test/sources', { encoding: 'utf8' }).map((file) => `test/sources/${file}`)
  const tests = files.map((file) => readFileSync(file, 'utf8')).filter((text) => text.includes('describeFaults('))

  it.each([...documentedRows().keys()])('has a test for its row %s', (row) => {
    expect(tests.some((text) => text.includes(`'${row}'`))).toBe(true)
  })
})
