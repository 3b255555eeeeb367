import { SCHEMA, TRIGGER } from './postgres-schema.ts'

/** Writes through a parent fire the parent's triggers, writes to a part fire the part's: neither sees all. */
export const HAS_RELATIVES = 'exists (select from pg_catalog.pg_inherits i where c.oid in (i.inhrelid, i.inhparent))'

const REQUIRE_TABLE = `
    if not exists (
      select from pg_catalog.pg_class c where c.oid = target::regclass
        and c.relkind = 'r' and c.relpersistence <> 't' and not ${HAS_RELATIVES}
    ) then
      raise exception 'The table % cannot have versions: it is a view, temporary, partitioned, or inherits.', target;
    end if;`

/** As the catalog has the arguments of a trigger: each with a byte of 0 behind it. */
const argumentBytes = (values: readonly string[]): string =>
  values.map((value) => `convert_to(${value}, getdatabaseencoding()) || decode('00', 'hex')`).join(' || ')

const quoted = (values: readonly string[]): string[] => values.map((value) => `'${value}'`)

/** For the table `target`. */
export const installTable = (args: readonly string[]): string => `${REQUIRE_TABLE}
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

/** For the column `key_column` of the table `target`. */
export const installKeys = (buckets: number, args: readonly string[]): string => `${REQUIRE_TABLE}
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
