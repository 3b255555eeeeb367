import { describe, InvalidOptionError, refuseOthers } from '../core/errors.ts'
import { type KeyColumn, literal, quoteAll, quoteKeyColumn } from './postgres-names.ts'
import { INFRASTRUCTURE, KEY_EVENTS, SCHEMA, TRIGGER } from './postgres-schema.ts'
import { installKeys, installTable, keyTrigger } from './postgres-triggers.ts'

/** A table, whose version is of all its rows; or a column of a table, whose values have a version each. */
export type Versioned = string | KeyColumn

export interface InstallOptions {
  /**
   * Over how many counters the writers of a table, or of a key, are spread. Two that write at the same time queue behind
   * each other only where they meet at one counter.
   *
   * @default 16
   */
  shards?: number | undefined
  /**
   * For keys: how many versions they have together. Keys that share one are outdated by each other's writes. It is what
   * bounds the storage, to a row for each shard of each bucket that was written.
   *
   * @default 1024
   */
  buckets?: number | undefined
  /**
   * Whether each statement that writes tells whoever listens, see {@link onTableChange}. PostgreSQL lets transactions
   * that notify commit one after the other.
   *
   * @default false
   */
  notify?: boolean | undefined
}

/** Any number will do, as long as all processes that install take the same. */
const INSTALLING = 20_260_102

/**
 * SQL, one statement, that gives versions to tables, and to the values of columns: triggers that count what each
 * statement writes, in the transaction of the write. Where they are already, it changes nothing and locks no table; where
 * one was missing or disabled, there is a new epoch, since writes may have been missed.
 *
 * @throws {InvalidOptionError} for names that are none, and for an option that is unknown or cannot be used.
 * @example
 * await pool.query(installSql(['flights', 'public.airports', { table: 'flights', column: 'tenant' }]))
 */
export function installSql(tables: readonly Versioned[], options: InstallOptions = {}): string {
  const { shards = 16, buckets = 1024, notify = false, ...others } = options
  refuseOthers(others, '"shards", "buckets", "notify"')
  requireCount('shards', shards, 1024)
  requireCount('buckets', buckets, 65_536)
  if (typeof notify !== 'boolean') {
    throw new InvalidOptionError(`The option "notify" is ${describe(notify)}: give true or false.`)
  }
  const told = notify ? ['notify'] : []
  return block(
    INFRASTRUCTURE,
    forEach(tables, installTable([String(shards), ...told])),
    forEachKey(tables, installKeys(buckets, [String(buckets), String(shards), ...told])),
  )
}

/**
 * SQL, one statement, that takes versions away again; also those of a table that is gone.
 *
 * @throws {InvalidOptionError} for names that are none.
 * @example
 * await pool.query(removeSql(['flights', { table: 'flights', column: 'tenant' }]))
 */
export function removeSql(tables: readonly Versioned[]): string {
  const forget = (from: string, where: string): string => `delete from ${SCHEMA}.${from} r where ${where};`
  const isGone = 'not exists (select from pg_catalog.pg_class c where c.oid = r.relation)'
  const isTarget = 'r.relation = to_regclass(target)'
  const isKey = `${isTarget} and r.attribute = key_column`
  return block(
    `
  if to_regclass('${SCHEMA}.epochs') is null then return; end if;${INFRASTRUCTURE}`,
    forEach(
      tables,
      `
    if to_regclass(target) is not null then
      execute format('drop trigger if exists ${TRIGGER} on %s', target);
      ${forget('epochs', isTarget)} ${forget('shards', isTarget)}
    end if;`,
    ),
    forEachKey(
      tables,
      `
    if to_regclass(target) is not null then
      foreach event in array events loop
        execute format('drop trigger if exists %I on %s', ${keyTrigger('event', 'key_column')}, target);
      end loop;
      ${forget('key_epochs', isKey)} ${forget('key_shards', isKey)}
    end if;`,
    ),
    ['epochs', 'shards', 'key_epochs', 'key_shards'].map((from) => `\n  ${forget(from, isGone)}`).join(''),
  )
}

/**
 * SQL, one statement, that gives tables, and all keys of theirs, versions that never were before. Run it where data came
 * to be without the triggers' knowledge: after a restore from a dump, after `alter table` changed what is in the rows.
 *
 * @throws {InvalidOptionError} for names that are none.
 * @example
 * await pool.query(renewEpochSql(['flights']))
 */
export function renewEpochSql(tables: readonly Versioned[]): string {
  const names = Array.isArray(tables)
    ? tables.map((item) => (isColumn(item) ? quoteKeyColumn(item).table : item))
    : tables
  const renew = (epochs: string): string => `
    update ${SCHEMA}.${epochs} set epoch = gen_random_uuid() where relation = target::regclass;`
  return block(INFRASTRUCTURE, forEach(names as readonly string[], `${renew('epochs')}${renew('key_epochs')}`))
}

function requireCount(option: string, count: unknown, most: number): void {
  if (Number.isInteger(count) && (count as number) >= 1 && (count as number) <= most) return
  throw new InvalidOptionError(`The option "${option}" is ${describe(count)}: give a whole number, 1 to ${most}.`)
}

const isColumn = (item: Versioned): item is KeyColumn => typeof item === 'object' && item !== null

/** Runs the body for each table, as `target`. */
function forEach(tables: readonly Versioned[], body: string): string {
  if (!Array.isArray(tables) || tables.length === 0) quoteAll(tables)
  const names = tables.filter((item) => !isColumn(item))
  if (names.length === 0) return ''
  return `
  foreach target in array array[${quoteAll(names).map(literal).join(', ')}]::text[] loop${body}
  end loop;`
}

/** Runs the body for each column, as `target` and `key_column`. */
function forEachKey(tables: readonly Versioned[], body: string): string {
  const rows = tables.filter(isColumn).map((keys) => {
    const { table, column } = quoteKeyColumn(keys)
    return `(${literal(table)}, ${literal(column)})`
  })
  if (rows.length === 0) return ''
  return `
  for target, key_column in values ${rows.join(', ')} loop${body}
  end loop;`
}

/** One statement, so that any client runs it as it is, and all of it comes to be or nothing. */
function block(...body: string[]): string {
  const text = body.join('')
  if (text.includes('$versions$')) {
    throw new InvalidOptionError('A name has "$versions$" in it: rename it.')
  }
  return `do $versions$
declare
  target text;
  key_column name;
  kind text;
  event text;
  events constant text[] := array[${KEY_EVENTS.map((event) => `'${event}'`).join(', ')}];
begin
  perform pg_advisory_xact_lock(${INSTALLING});${text}
end
$versions$`
}
