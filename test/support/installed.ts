import { execFile } from 'node:child_process'
import { accessSync, constants, statSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { describe, test } from 'vitest'

/** A program that this machine has, or why it has none. */
export type Installed =
  | { readonly path: string; readonly reason?: undefined }
  | { readonly path?: undefined; readonly reason: string }

/**
 * A program that no npm package brings: the first of these names that is on the PATH. If there is none, and apt-get can
 * install it, it does.
 *
 * @throws where `CI=true` and there is none: a test that was skipped proves nothing.
 */
export async function installed(what: string, names: readonly string[], aptPackage = what): Promise<Installed> {
  const path = firstOnPath(names)
  const found: Installed = path === undefined ? await install(what, names, aptPackage) : { path }
  if (found.reason !== undefined && process.env['CI'] === 'true') throw new Error(found.reason)
  return found
}

async function install(what: string, names: readonly string[], aptPackage: string): Promise<Installed> {
  const missing = `There is no ${what} on the PATH (${names.join(', ')})`
  if (process.getuid?.() !== 0 || firstOnPath(['apt-get']) === undefined) return { reason: `${missing}: install it.` }
  console.warn(`${missing}: apt-get installs ${aptPackage}.`)
  try {
    await aptGet('install', aptPackage).catch(async () => {
      await aptGet('update') // without its lists it knows no package, and with old ones no file of it
      await aptGet('install', aptPackage)
    })
  } catch (error) {
    return { reason: `${missing}, and apt-get did not install ${aptPackage}: ${lastLineOf(error)}` }
  }
  const path = firstOnPath(names)
  return path === undefined ? { reason: `${missing}, not even with the package ${aptPackage}.` } : { path }
}

/** Another test may be installing something too: it waits for that. */
async function aptGet(command: 'install' | 'update', ...packages: string[]): Promise<void> {
  const options = ['-y', '--no-install-recommends', '-o', 'DPkg::Lock::Timeout=300']
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  await promisify(execFile)('apt-get', [command, ...options, ...packages], { env, maxBuffer: 2 ** 26 })
}

function lastLineOf(error: unknown): string {
  const { stderr = '', message } = error as Error & { stderr?: string }
  return stderr.trim().split('\n').at(-1) || message
}

function firstOnPath(names: readonly string[]): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '')
  return names.flatMap((name) => folders.map((folder) => join(folder, name))).find(isProgram)
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}

/** Tests that need a program; without it one that is skipped, and says why. */
export function describeWith(program: Installed, name: string, tests: (path: string) => void): void {
  const { path, reason } = program
  if (path !== undefined) return void describe(name, () => tests(path))
  console.warn(`Not tested: ${name}. ${reason}`)
  test(name, ({ skip }) => skip(reason))
}
