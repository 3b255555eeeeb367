import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe } from 'vitest'
import { describeFramework, type Served } from './contracts/framework.ts'
import { runProgram, stopApp } from './support/example-process.ts'

const SERVER = 'test/runtimes/hono-server.ts'

/**
 * The executable of a runtime. Each platform has a package with its own, in a scope of the runtime's. (An install
 * script, where it may run, moves it into the package `named` that asks for it.)
 *
 * @throws {Error} when there is none: a runtime that is not asked is no runtime on which anything holds.
 */
function executableOf(name: string, scope: string, file: string, named: string): string {
  const scoped = join('node_modules', scope)
  const packages = existsSync(scoped) ? readdirSync(scoped).map((platform) => join(scoped, platform, file)) : []
  const candidates = [...packages, ...packages.map((path) => `${path}.exe`), join('node_modules', named)]
  const found = candidates.find((path) => spawnSync(path, ['--version']).status === 0)
  if (found !== undefined) return found
  throw new Error(`${name} is not there: none of ${candidates.join(', ')} runs. "npm ci --include=optional" brings it.`)
}

async function serveOn(executable: string, args: string[], env: NodeJS.ProcessEnv): Promise<Served> {
  const server = runProgram(executable, [...args, SERVER], env)
  const [url] = await server.prints(/http:\S+(?=\n)/)
  return { url, stop: async () => void (await stopApp(server)) }
}

// Each in a block of its own, so that a runtime that is missing fails by itself.
describe('Bun', () => {
  describeFramework('Hono on Bun', () => {
    const bun = executableOf('Bun', '@oven', 'bin/bun', 'bun/bin/bun.exe')
    return serveOn(bun, ['--no-install'], { BUN_RUNTIME_TRANSPILER_CACHE_PATH: '0' })
  })
})

describe('Deno', () => {
  describeFramework('Hono on Deno', () => {
    const deno = executableOf('Deno', '@deno', 'deno', 'deno/deno')
    const offline = ['--no-lock', '--no-remote', '--cached-only', '--node-modules-dir=manual']
    return serveOn(deno, ['run', '--allow-all', '--v8-flags=--expose-gc', ...offline], { DENO_DIR: '.reports/deno' })
  })
})
