import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'

const SOURCE = resolve('src')
const files = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))

/** What a file imports or re-exports: files of src by their path in it, packages by their name. */
function importsOf(file: string): string[] {
  const text = readFileSync(join(SOURCE, file), 'utf8')
  const specifiers = [...text.matchAll(/(?:^|\n)(?:import|export)\s[^'"]*?from '([^']+)'|import\('([^']+)'\)/g)]
  return specifiers.map(([, named, dynamic]) => {
    const specifier = (named ?? dynamic) as string
    return specifier.startsWith('.') ? relative(SOURCE, resolve(SOURCE, dirname(file), specifier)) : specifier
  })
}

/** What an integration may import when it runs: a Nest interceptor has to give an observable, so each Nest app has this. */
const NEEDED: { readonly [file: string]: string } = { 'integrations/nest.ts': 'rxjs' }

const inFolder = (folder: string) => files.filter((file) => file.startsWith(`${folder}/`))

describe('who may import whom', () => {
  it('sees the imports', () => {
    expect(importsOf('core/session.ts')).toContain('core/pins.ts')
    expect(importsOf('core/context.ts')).toContain('node:async_hooks')
    expect(importsOf('index.ts')).toContain('core/wrap.ts')
  })

  it.each(inFolder('core'))('%s imports nothing outside core but Node itself', (file) => {
    for (const imported of importsOf(file)) expect(imported).toMatch(/^(core\/|node:)/)
  })

  it.each(inFolder('http'))('%s imports nothing but core, its neighbours and Node itself', (file) => {
    for (const imported of importsOf(file)) expect(imported).toMatch(/^(core\/|http\/|node:)/)
  })

  it.each(inFolder('sources'))('%s imports nothing but core, its neighbours and Node itself', (file) => {
    for (const imported of importsOf(file)) expect(imported).toMatch(/^(core\/|sources\/|node:)/)
  })

  it.each(inFolder('tiers'))('%s imports nothing but core, its neighbours and Node itself', (file) => {
    for (const imported of importsOf(file)) expect(imported).toMatch(/^(core\/|tiers\/|node:)/)
  })

  it.each(inFolder('integrations'))(
    '%s imports core, http, sources, tiers, its vendor as a type, and no other integration',
    (file) => {
      const text = readFileSync(join(SOURCE, file), 'utf8')
      for (const imported of importsOf(file)) {
        expect(imported).not.toMatch(/^integrations\//)
        const isVendor = !/^(core\/|http\/|sources\/|tiers\/|node:)/.test(imported) && imported !== NEEDED[file]
        if (isVendor) expect(text).toMatch(new RegExp(`import type [^'"]* from '${imported}'`))
      }
    },
  )

  it.each(inFolder('command'))(
    '%s imports core, sources, its neighbours, and packages only when it needs them',
    (file) => {
      const text = readFileSync(join(SOURCE, file), 'utf8')
      for (const imported of importsOf(file)) {
        if (!/^(core\/|sources\/|command\/|node:)/.test(imported)) expect(text).toContain(`import('${imported}')`)
      }
      for (const other of files.filter((name) => !/^(command\/|bin\.ts)/.test(name))) {
        expect(importsOf(other)).not.toContain(file)
      }
    },
  )

  it('the door only re-exports', () => {
    const text = readFileSync(join(SOURCE, 'index.ts'), 'utf8')
    expect(text.replaceAll(/export (type )?\{[^}]*\} from '[^']+'\n/g, '')).toBe('')
  })

  it('no file imports itself by way of others', () => {
    const done = new Set<string>()
    const visit = (file: string, path: string[]): void => {
      expect(path, `${[...path, file].join(' → ')}`).not.toContain(file)
      if (done.has(file)) return
      const text = readFileSync(join(SOURCE, file), 'utf8')
      const needed = importsOf(file).filter((imported) => {
        const typeOnly = new RegExp(`import type [^'"]* from '[^']*${imported.split('/').at(-1)}'`)
        return imported.endsWith('.ts') && !typeOnly.test(text)
      })
      for (const imported of needed) visit(imported, [...path, file])
      done.add(file)
    }
    for (const file of files) visit(file, [])
  })

  it.each(files)('%s has about 200 lines at the most', (file) => {
    expect(readFileSync(join(SOURCE, file), 'utf8').split('\n').length).toBeLessThanOrEqual(220)
  })
})
