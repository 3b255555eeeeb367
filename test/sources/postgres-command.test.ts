import { execFile } from 'node:child_process'
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { installSql, keyVersions, tableVersions } from '../../src/integrations/postgres.ts'
import { type PostgresServer, startServer } from '../support/postgres-server.ts'

let server: PostgresServer
/** The package as it is installed beside one client, beside the other, and beside none. */
let homes: Record<'pg' | 'postgres' | 'none', string>

beforeAll(async () => {
  await promisify(execFile)(process.execPath, [
    'node_modules/typescript/bin/tsc',
    '-p',
    'tsconfig.build.json',
    '--outDir',
    '.reports/command',
  ])
  const home = await mkdtemp(join(tmpdir(), 'versioned-lru-cache-command-'))
  homes = { pg: resolve('.'), postgres: join(home, 'postgres'), none: home }
  for (const folder of [homes.postgres, homes.none]) {
    await cp('.reports/command', join(folder, '.reports/command'), { recursive: true })
    await writeFile(join(folder, 'package.json'), '{"type":"module"}')
  }
  await cp('node_modules/postgres', join(homes.postgres, 'node_modules/postgres'), { recursive: true })
  server = await startServer()
  await server.pool.query('create table flights (id int, tenant text)')
})

afterAll(async () => {
  await rm(homes.none, { recursive: true, force: true })
  await server.stop()
})

interface Outcome {
  code: number
  stdout: string
  stderr: string
}

function command(args: string, env: Record<string, string> = {}, home = homes.pg): Promise<Outcome> {
  const { PATH = '' } = process.env
  return new Promise((settle) => {
    const argv = [join(home, '.reports/command/bin.js'), ...args.split(' ')]
    execFile(process.execPath, argv, { env: { PATH, ...env } }, (error, stdout, stderr) => {
      settle({ code: error === null ? 0 : Number(error.code), stdout, stderr })
    })
  })
}

const flights = () => tableVersions(server.pool, ['flights'])('flights')
const tenant = () => keyVersions(server.pool, { table: 'flights', column: 'tenant' })('a')

describe('npx versioned-lru-cache postgres', () => {
  it('prints SQL that may be run as often as you like', async () => {
    const { code, stdout, stderr } = await command('postgres install --table flights --table public.flights --shards 4')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toBe(`${installSql(['flights', 'public.flights'], { shards: 4 })};\n`)
    await server.pool.query(stdout)
    const before = await flights()
    await server.pool.query(stdout)
    expect(await flights()).toBe(before)
  })

  it.each(['pg', 'postgres'] as const)('--apply applies it by %s, twice to the same effect', async (client) => {
    const env = { DATABASE_URL: server.url }
    const install = 'postgres install --table flights --column tenant --buckets 8 --notify --apply'
    expect(await command(install, env, homes[client])).toEqual({
      code: 0,
      stdout: 'Done: install flights, tenant.\n',
      stderr: '',
    })
    const before = await tenant()
    expect((await command(install, env, homes[client])).code).toBe(0)
    expect(await tenant()).toBe(before)
    const { hostname, port, username } = new URL(server.url)
    const variables = { PGHOST: hostname, PGPORT: port, PGUSER: username, PGDATABASE: 'postgres' }
    expect((await command('postgres renew --table flights --apply', variables, homes[client])).code).toBe(0)
    expect(await tenant()).not.toBe(before)
    expect((await command('postgres remove --table flights --column tenant --apply', env, homes[client])).code).toBe(0)
    await expect(tenant()).rejects.toThrow('no working triggers')
  })

  it('says which package to install, where there is none', async () => {
    const { code, stderr } = await command('postgres install --table flights --apply', {}, homes.none)
    expect([code, stderr]).toEqual([1, expect.stringContaining('neither the package "pg" nor "postgres"')])
  })

  it('says what the server says', async () => {
    const unknown = await command('postgres install --table nowhere --apply', { DATABASE_URL: server.url })
    expect([unknown.code, unknown.stdout, unknown.stderr]).toEqual([1, '', 'relation "nowhere" does not exist\n'])
    const { code, stderr } = await command('postgres install --table flights --apply', {
      DATABASE_URL: 'postgres://localhost:1/x',
    })
    expect([code, stderr]).toEqual([1, expect.stringContaining('ECONNREFUSED')])
  })

  it('explains itself', async () => {
    const { code, stdout } = await command('--help')
    expect([code, stdout]).toEqual([
      0,
      expect.stringContaining('Usage: versioned-lru-cache postgres <install|remove|renew>'),
    ])
  })

  it.each([
    ['', 'The command is "": give "postgres install"'],
    ['mysql install --table a', 'The command is "mysql install"'],
    ['postgres install a --table a', 'The command is "postgres install a"'],
    ['postgres upgrade --table a', 'What to do is upgrade: give "install", "remove" or "renew".'],
    ['postgres --table a', 'What to do is nothing'],
    ['postgres install', 'There is no --table: name one, as in --table flights.'],
    ['postgres install --table a.b.c', 'A table is "a.b.c" (a string): give a name'],
    ['postgres install --table a --shards many', 'The option "shards" is NaN: give a whole number, 1 to 1024.'],
    ['postgres remove --table a --shards 4', '--shards is for install: leave it out with remove.'],
    ['postgres install --tables a', "Unknown option '--tables'"],
  ])('does not run with: %s', async (args, message) => {
    const { code, stdout, stderr } = await command(args)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain(message)
    expect(stderr).toContain('See versioned-lru-cache --help.')
  })
})
