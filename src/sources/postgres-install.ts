import { describe, InvalidOptionError } from '../core/errors.ts'
import { type KeyColumn, literal, quoteAll, quoteKeyColumn, refuseOthers } from './postgres-names.ts'
import { INFRASTRUCTURE, KEY_EVENTS, SCHEMA, TRIGGER } from './postgres-schema.ts'

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

/** Writes through a parent fire the parent's triggers, writes to a part fire the part's: neither sees all. */
export const HAS_RELATIVES = 'exists (select from pg_catalog.pg_inherits i where c.oid in (i.inhrelid, i.inhparent))'

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
    forEach(tables, `${REQUIRE_TABLE}${installTable([String(shards), ...told])}`),
    forEachKey(tables, `${REQUIRE_TABLE}${installKeys([String(buckets), String(shards), ...told], buckets)}`),
  )
}

const REQUIRE_TABLE = `
    if not exists (
      select from pg_catalog.pg_class c where c.oid = target::regclass
        and c.relkind = 'r' and c.relpersistence <> 't' and not ${HAS_RELATIVES}
    ) then
      raise exception 'The table % cannot have versions: it is a view, temporary, partitioned, or inherits.', target;
    end if;`

/** As the catalog has the arguments of a trigger: each with a byte of 0 behind it. */
const argumentBytes = (values: readonly string[]): string =>
  values.map((value) => `convert_to(${value}, getdatabaseencoding()) || '\\000'::bytea`).join(' || ')

const quoted = (values: readonly string[]): string[] => values.map((value) => `'${value}'`)

const installTable = (args: readonly string[]): string => `
    if not exists (
      select from pg_catalog.pg_trigger g join ${SCHEMA}.epochs e on e.relation = g.tgrelid
        where g.tgrelid = target::regclass and g.tgname = '${TRIGGER}' and g.tgenabled = 'A'
        and g.tgargs = ${argumentBytes(quoted(args))}
    ) then
      execute format('create or replace trigger ${TRIGGER} after insert or update or delete or truncate on %s '
        'for each statement execute function ${SCHEMA}.bump(${args.join(', ')})', target);
      execute format('alter table %s enable always trigger ${TRIGGER}', target);
      insert into ${SCHEMA}.epochs as kept (relation, epoch) values (target::regclass, gen_random_uuid())
        on conflict (relation) do update set epoch = excluded.epoch;
    end if;`

/** A trigger has a name of at most 63 bytes, and so has a column. */
export const keyTrigger = (event: string, attribute: string): string =>
  `concat('${SCHEMA}_', ${event}, '_', md5(${attribute}))`

/** A trigger that sees the rows of its statement is of one event; of a truncate it sees none. */
const REFERENCING = `case event
          when 'insert' then 'referencing new table as new_rows'
          when 'update' then 'referencing old table as old_rows new table as new_rows'
          when 'delete' then 'referencing old table as old_rows'
        end`

const installKeys = (args: readonly string[], buckets: number): string => `
    select format_type(a.atttypid, -1) into kind from pg_catalog.pg_attribute a
      where a.attrelid = target::regclass and a.attname = key_column and a.attnum > 0 and not a.attisdropped;
    if kind is null then
      raise exception 'The table % has no column %.', target, key_column;
    end if;
    execute format('select hash_record(row(null::%s))', kind);
    if (
      select count(*) from pg_catalog.pg_trigger g join ${SCHEMA}.key_epochs e on e.relation = g.tgrelid
        where g.tgrelid = target::regclass and e.attribute = key_column and g.tgenabled = 'A'
        and g.tgname in (select ${keyTrigger('e', 'key_column')} from unnest(events) e)
        and g.tgargs = ${argumentBytes(['key_column', ...quoted(args)])}
    ) < cardinality(events) then
      foreach event in array events loop
        execute format('create or replace trigger %1$I after %2$s on %3$s %4$s '
          'for each statement execute function ${SCHEMA}.bump_keys(%5$L, ${args.join(', ')})',
          ${keyTrigger('event', 'key_column')}, event, target, ${REFERENCING}, key_column);
        execute format('alter table %s enable always trigger %I', target, ${keyTrigger('event', 'key_column')});
      end loop;
      insert into ${SCHEMA}.key_epochs as kept (relation, attribute, buckets, epoch)
        values (target::regclass, key_column, ${buckets}, gen_random_uuid())
        on conflict (relation, attribute) do update set epoch = excluded.epoch, buckets = excluded.buckets;
    end if;`

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
  events constant text[] := array[${quoted(KEY_EVENTS).join(', ')}];
begin
  perform pg_advisory_xact_lock(${INSTALLING});${text}
end
$versions$`
}
