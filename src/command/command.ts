import { parseArgs } from 'node:util'
import { InvalidOptionError } from '../core/errors.ts'
import {
  type InstallOptions,
  installSql,
  removeSql,
  renewEpochSql,
  type Versioned,
} from '../sources/postgres-install.ts'
import { applySql } from './apply.ts'

const HELP = `Usage: versioned-lru-cache postgres <install|remove|renew> --table <name> [options]

  install   gives tables versions, or the values of columns; as often as you like
  remove    takes them away again
  renew     gives tables, and all keys of theirs, versions that never were before: after a restore

Prints the SQL, which psql runs, or applies it.

  --table <name>     a table, such as flights or sales.flights; several are named one by one
  --column <name>    a column of these tables, whose values get a version each; several are named one by one
  --shards <n>       install: counters for each table or key, over which writers are spread (16)
  --buckets <n>      install: versions that the values of a column have together (1024)
  --notify           install: each write tells whoever listens
  --apply            runs the SQL, by the package "pg" or "postgres", at DATABASE_URL or as PGHOST, PGUSER, … say
  --help             prints this
`

const OPTIONS = {
  table: { type: 'string', multiple: true },
  column: { type: 'string', multiple: true },
  shards: { type: 'string' },
  buckets: { type: 'string' },
  notify: { type: 'boolean' },
  apply: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const

/**
 * What `npx versioned-lru-cache` does.
 *
 * @returns the exit code: 0 when it is done, 1 when it failed, 2 when the arguments cannot be used.
 */
export async function runCommand(args: string[]): Promise<number> {
  let asked: ReturnType<typeof read>
  try {
    asked = read(args)
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\nSee versioned-lru-cache --help.\n`)
    return 2
  }
  if (!asked.apply) {
    process.stdout.write(asked.text)
    return 0
  }
  try {
    await applySql(asked.text)
    process.stdout.write(`Done: ${asked.what}.\n`)
    return 0
  } catch (error) {
    process.stderr.write(`${messageOf(error)}\n`)
    return 1
  }
}

function read(args: string[]): { text: string; apply: boolean; what: string } {
  const { values, positionals } = parseArgs({ args, options: OPTIONS, allowPositionals: true, strict: true })
  if (values.help) return { text: HELP, apply: false, what: '' }
  const { table = [], column = [], shards, buckets, notify, apply } = values
  const [system, verb = 'nothing', ...others] = positionals
  if (system !== 'postgres' || others.length > 0) {
    const given = positionals.length === 0 ? 'nothing' : `"${positionals.join(' ')}"`
    throw new InvalidOptionError(
      `The command is ${given}: give "postgres install", "postgres remove" or "postgres renew".`,
    )
  }
  if (table.length === 0) throw new InvalidOptionError('There is no --table: name one, as in --table flights.')
  const tables =
    column.length === 0 ? table : table.flatMap((name) => column.map((column) => ({ table: name, column })))
  const options = { shards: count(shards), buckets: count(buckets), notify }
  return { text: `${sqlOf(verb, tables, options)};\n`, apply, what: `${verb} ${[...table, ...column].join(', ')}` }
}

function sqlOf(verb: string, tables: Versioned[], options: InstallOptions): string {
  if (verb === 'install') return installSql(tables, options)
  const [unused] = Object.entries(options).flatMap(([name, value]) => (value === undefined ? [] : [name]))
  if (unused !== undefined) throw new InvalidOptionError(`--${unused} is for install: leave it out with ${verb}.`)
  if (verb === 'remove') return removeSql(tables)
  if (verb === 'renew') return renewEpochSql(tables)
  throw new InvalidOptionError(`What to do is ${verb}: give "install", "remove" or "renew".`)
}

const count = (text: string | undefined): number | undefined => (text === undefined ? undefined : Number(text))

/** A connection that is tried at several addresses fails with an error for each, and no message of its own. */
function messageOf(error: unknown): string {
  const { message, errors = [] } = error as Error & { errors?: Error[] }
  return message || errors.map(({ message }) => message).join('; ')
}
