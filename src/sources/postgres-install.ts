import { describe, InvalidOptionError } from '../core/errors.ts'

export interface InstallOptions {
  /**
   * Over how many counters the writers of a table are spread. Two that write at the same time queue behind each other
   * only where they meet at one counter.
   *
   * @default 16
   */
  shards?: number | undefined
}

export const SCHEMA = 'versioned_lru_cache'
export const TRIGGER = 'versioned_lru_cache_bump'

/** Any number will do, as long as all processes that install take the same. */
const INSTALLING = 20_260_102

/** Writes through a parent fire the parent's triggers, writes to a part fire the part's: neither sees all. */
export const HAS_RELATIVES = 'exists (select from pg_catalog.pg_inherits i where c.oid in (i.inhrelid, i.inhparent))'

const INFRASTRUCTURE = `
  create schema if not exists ${SCHEMA};
  create table if not exists ${SCHEMA}.epochs (relation regclass primary key, epoch uuid not null);
  create table if not exists ${SCHEMA}.shards (
    relation regclass, shard int, counter bigint not null, primary key (relation, shard)
  ) with (fillfactor = 50);
  grant usage on schema ${SCHEMA} to public;
  grant select on ${SCHEMA}.epochs, ${SCHEMA}.shards to public;
  if to_regprocedure('${SCHEMA}.bump()') is null then
    create function ${SCHEMA}.bump() returns trigger
      language plpgsql security definer set search_path = pg_catalog, pg_temp as $bump$
      begin
        insert into ${SCHEMA}.shards as kept (relation, shard, counter)
          values (tg_relid, pg_backend_pid() % tg_argv[0]::int, 1)
          on conflict (relation, shard) do update set counter = kept.counter + 1;
        return null;
      end
    $bump$;
  end if;`

/**
 * SQL, one statement, that gives tables versions: triggers that count each statement that writes, in the transaction of
 * the write. Where they are already, it changes nothing and locks no table; where one was missing or disabled, the table
 * gets a new epoch, since writes may have been missed.
 *
 * @throws {InvalidOptionError} for names that are none, and for an option that is unknown or cannot be used.
 * @example
 * await pool.query(installSql(['flights', 'public.airports']))
 */
export function installSql(tables: readonly string[], options: InstallOptions = {}): string {
  const { shards = 16, ...others } = options
  refuseOthers(others, '"shards"')
  if (!Number.isInteger(shards) || shards < 1 || shards > 1024) {
    throw new InvalidOptionError(`The option "shards" is ${describe(shards)}: give a whole number, 1 to 1024.`)
  }
  return block(`${INFRASTRUCTURE}
${forEach(tables)}
    if not exists (
      select from pg_catalog.pg_class c where c.oid = target::regclass
        and c.relkind = 'r' and c.relpersistence <> 't' and not ${HAS_RELATIVES}
    ) then
      raise exception 'The table % cannot have versions: it is a view, temporary, partitioned, or inherits.', target;
    end if;
    if not exists (
      select from pg_catalog.pg_trigger g join ${SCHEMA}.epochs e on e.relation = g.tgrelid
        where g.tgrelid = target::regclass and g.tgname = '${TRIGGER}' and g.tgenabled = 'A'
        and g.tgargs = convert_to('${shards}', 'UTF8') || decode('00', 'hex')
    ) then
      execute format('create or replace trigger ${TRIGGER} after insert or update or delete or truncate on %s '
        'for each statement execute function ${SCHEMA}.bump(${shards})', target);
      execute format('alter table %s enable always trigger ${TRIGGER}', target);
      insert into ${SCHEMA}.epochs as kept (relation, epoch) values (target::regclass, gen_random_uuid())
        on conflict (relation) do update set epoch = excluded.epoch;
    end if;
  end loop;`)
}

/**
 * SQL, one statement, that takes the versions of tables away again; also of a table that is gone.
 *
 * @throws {InvalidOptionError} for names that are none.
 * @example
 * await pool.query(removeSql(['flights']))
 */
export function removeSql(tables: readonly string[]): string {
  return block(`
  if to_regclass('${SCHEMA}.epochs') is null then return; end if;
${forEach(tables)}
    if to_regclass(target) is not null then
      execute format('drop trigger if exists ${TRIGGER} on %s', target);
      delete from ${SCHEMA}.epochs where relation = to_regclass(target);
      delete from ${SCHEMA}.shards where relation = to_regclass(target);
    end if;
  end loop;
  delete from ${SCHEMA}.epochs e where not exists (select from pg_catalog.pg_class c where c.oid = e.relation);
  delete from ${SCHEMA}.shards s where not exists (select from pg_catalog.pg_class c where c.oid = s.relation);`)
}

/**
 * SQL, one statement, that gives tables versions that never were before. Run it where data came to be without the
 * triggers' knowledge: after a restore from a dump, after `alter table` changed what is in the rows.
 *
 * @throws {InvalidOptionError} for names that are none.
 * @example
 * await pool.query(renewEpochSql(['flights']))
 */
export function renewEpochSql(tables: readonly string[]): string {
  return `update ${SCHEMA}.epochs set epoch = gen_random_uuid() where relation in (
  ${quoteAll(tables)
    .map((name) => `${literal(name)}::regclass`)
    .join(', ')})`
}

function refuseOthers(others: object, known: string): void {
  const [unknown] = Object.keys(others)
  if (unknown !== undefined) throw new InvalidOptionError(`There is no option "${unknown}". The options are ${known}.`)
}

const NAME = /^([^".\0]+|"(?:[^"\0]|"")+")(?:\.([^".\0]+|"(?:[^"\0]|"")+"))?$/

/** `flights`, `sales.flights`, and what has dots in it as in SQL: `sales."flights.old"`. Case counts. */
function quote(table: unknown): string {
  const parts = typeof table === 'string' ? NAME.exec(table)?.slice(1) : undefined
  if (parts === undefined) {
    throw new InvalidOptionError(`A table is ${describe(table)}: give a name such as "flights" or "sales.flights".`)
  }
  const quoted = parts.filter((part) => part !== undefined)
  return quoted.map((part) => (part.startsWith('"') ? part : `"${part}"`)).join('.')
}

export function quoteAll(tables: unknown): string[] {
  if (Array.isArray(tables) && tables.length > 0) return tables.map(quote)
  throw new InvalidOptionError(`The tables are ${describe(tables)}: give a list of names, at least one.`)
}

/** Right under both settings of `standard_conforming_strings`. */
function literal(text: string): string {
  return ` E'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`
}

function forEach(tables: readonly string[]): string {
  return `  foreach target in array array[${quoteAll(tables).map(literal).join(', ')}]::text[] loop`
}

/** One statement, so that any client runs it as it is, and all of it comes to be or nothing. */
function block(body: string): string {
  const tag = body.includes('$versions$') ? refuseTag() : '$versions$'
  return `do ${tag}
declare target text;
begin
  perform pg_advisory_xact_lock(${INSTALLING});${body}
end
${tag}`
}

function refuseTag(): never {
  throw new InvalidOptionError('The name of a table has "$versions$" in it: rename the table.')
}
