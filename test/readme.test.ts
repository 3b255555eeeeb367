import { execFile } from 'node:child_process'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, it } from 'vitest'

const run = promisify(execFile)

/** Inside the project, so that the code imports the package by its name, as a reader will. */
const FOLDER = '.reports/readme'

const text = await readFile('README.md', 'utf8')
const blocks = [...text.matchAll(/```ts\n([\s\S]*?)```/g)].map((match) => match[1] as string)

/** `console.log(…) // → a, b` says what is printed up to and with that line. */
function printedBy(block: string): string[] {
  return [...block.matchAll(/\/\/ → (.*)/g)].flatMap(([, printed]) => (printed as string).split(', '))
}

beforeAll(async () => {
  await rm(FOLDER, { recursive: true, force: true })
  await mkdir(FOLDER, { recursive: true })
  for (const [index, block] of blocks.entries()) await writeFile(join(FOLDER, `block-${index}.ts`), block)
  await writeFile(
    join(FOLDER, 'tsconfig.json'),
    JSON.stringify({ extends: '../../tsconfig.json', include: ['.'], exclude: [] }),
  )
})

describe('the code in the README', () => {
  it('is there', () => {
    expect(blocks.length).toBeGreaterThanOrEqual(3)
    expect(printedBy(blocks[0] as string)).toContain('load eu')
  })

  it('type-checks', async () => {
    await run(process.execPath, ['node_modules/typescript/bin/tsc', '-p', FOLDER])
  })

  it.each(blocks.map((block, index) => [index, block] as const))(
    'runs and prints what it says: block %i',
    async (index) => {
      const { stdout } = await run(process.execPath, ['--import', 'tsx', join(FOLDER, `block-${index}.ts`)])
      expect(stdout.split('\n').slice(0, -1)).toEqual(printedBy(blocks[index] as string))
    },
  )

  it('links to files that are there', async () => {
    for (const [, target] of text.matchAll(/\]\((?!https?:)([^)#]+)\)/g)) await readFileOrFolder(target as string)
  })

  it('lists every option, with its default', async () => {
    const { readOptions } = await import('../src/core/settings.ts')
    const settings = readOptions({})
    for (const [name, value] of Object.entries(settings)) {
      const row = text.split('\n').find((line) => line.startsWith('|') && line.includes(`\`${name}\``))
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
    for (const code of codes) expect(text.includes(code), code).toBe(true)
  })
})

async function readFileOrFolder(path: string): Promise<void> {
  const { stat } = await import('node:fs/promises')
  await expect(stat(path), path).resolves.toBeDefined()
}
