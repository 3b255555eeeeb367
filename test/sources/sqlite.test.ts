import { execFile } from 'node:child_process'
import { mkdtempSync, renameSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { InvalidOptionError, InvalidVersionError, runInSession, versionedLruCache } from '../../src/index.ts'
import { sqliteVersion } from '../../src/integrations/sqlite.ts'
import { describeFaults, type VersionedSystem } from '../contracts/source-faults.ts'
import { HAS_SQLITE, newerNode } from '../support/newer-node.ts'
import { clients, type TestConnection } from '../support/sqlite-clients.ts'

const PROJECT = fileURLToPath(new URL('../..', import.meta.url))

const WRITES = {
  insert: 'insert into flights values (3, 30)',
  update: 'update flights set delay = 11 where id = 1',
  'an upsert': 'insert into flights values (1, 5) on conflict (id) do update set delay = 5',
  'a delete': 'delete from flights where id = 1',
  'a delete of all rows': 'delete from flights',
  'an insert into a view': 'insert into late values (9, 9)',
  'what a foreign key deletes': 'delete from airports',
  'a full-text index': "insert into notes values ('fog')",
  'a new column': 'alter table flights add column gate default 7',
  'a table that is dropped and made again': 'drop table legs; create table legs as select 2 as id',
  vacuum: 'vacuum',
}

const SCHEMA = `
  create table flights (id integer primary key, delay);
  create view late as select * from flights where delay > 15;
  create trigger late_insert instead of insert on late begin insert into flights values (new.id, new.delay); end;
  create table airports (id integer primary key);
  create table legs (airport references airports on delete cascade);
  create virtual table notes using fts5 (text);
  insert into flights values (1, 10), (2, 20);
  insert into airports values (1);
  insert into legs values (1)`

describe.each(clients)('sqliteVersion with $name', ({ name, open, copy, runElsewhere }) => {
  describe.each(['wal', 'delete'])('and the journal mode %s', (mode) => {
    let root: string
    let path: string
    /** Has the version, and what loaders read. */
    let reader: TestConnection
    let writer: TestConnection
    let version: () => string
    let opened: TestConnection[]

    const connect = (file = path) => {
      const connection = open(file)
      opened.push(connection)
      connection.exec('pragma busy_timeout = 0; pragma foreign_keys = on; pragma synchronous = off')
      return connection
    }

    beforeEach(() => {
      root = mkdtempSync(join(tmpdir(), 'sqlite-version-'))
      path = join(root, 'flights.db')
      opened = []
      writer = connect()
      writer.exec(`pragma journal_mode = ${mode}; ${SCHEMA}`)
      reader = connect()
      version = sqliteVersion(reader)
    })

    afterEach(() => {
      for (const connection of opened) connection.close()
      rmSync(root, { recursive: true })
    })

    const rows = (from = reader) => from.prepare('select * from flights').all()

    describe.each([
      ['another connection', () => writer],
      ['the same connection', () => reader],
    ])('what %s commits', (_name, by) => {
      it.each(Object.entries(WRITES))('moves the version: %s', (_write, sql) => {
        const before = version()
        by().exec(sql)
        expect(version()).not.toBe(before)
      })

      it('gives each of many commits in a row a version of its own', () => {
        const seen = new Set([version()])
        for (let count = 0; count < 100; count++) {
          by().exec(`update flights set delay = ${count % 2}`)
          seen.add(version())
          if (count % 10 === 0) writer.exec('insert into airports default values')
          seen.add(version())
        }
        expect(seen.size).toBe(111)
      })

      it('has a version only when all of it is committed, savepoints and all', () => {
        const seen = [version()]
        by().exec('begin; update flights set delay = 1; savepoint inner; update flights set delay = 2')
        if (by() === writer) expect(version()).toBe(seen[0])
        by().exec('rollback to inner; release inner; commit')
        seen.push(version())
        expect(rows(writer)).toMatchObject([{ delay: 1 }, { delay: 1 }])
        by().exec('savepoint outer; update flights set delay = 3; release outer')
        seen.push(version())
        expect(new Set(seen).size).toBe(3)
      })

      it('is never there again with other data after a rollback', () => {
        const seen = [version()]
        by().exec('begin; update flights set delay = 1; rollback')
        if (by() === writer) expect(version()).toBe(seen[0])
        by().exec('update flights set delay = 2')
        expect(seen).not.toContain(version())
      })
    })

    it('stays while nobody writes, whoever reads', () => {
      const before = version()
      rows(reader)
      rows(writer)
      expect(version()).toBe(before)
    })

    it('moves when the writes of both connections take turns', () => {
      const seen = [version()]
      for (const connection of [writer, reader, writer, writer, reader, reader]) {
        connection.exec('update flights set delay = delay + 1')
        seen.push(version())
      }
      expect(new Set(seen).size).toBe(7)
    })

    it('moves with what another process commits', async () => {
      const before = version()
      await runElsewhere(path, "db.exec('update flights set delay = 1'); db.close()")
      expect(version()).not.toBe(before)
      expect(rows()).toMatchObject([{ delay: 1 }, { delay: 1 }])
    })

    it('is not moved to other data by a process that is killed in the middle of a transaction', async () => {
      const kept = rows()
      const before = version()
      const write = 'pragma cache_size = 1; begin; update flights set delay = 99; insert into legs select value from '
      const code = `db.exec("${write} json_each('[${'1,'.repeat(9_999)}1]')"); process.kill(process.pid, 'SIGKILL')`
      await expect(runElsewhere(path, code)).rejects.toMatchObject({ signal: 'SIGKILL' })
      version()
      expect(rows()).toEqual(kept)
      writer.exec('update flights set delay = 1')
      expect(version()).not.toBe(before)
    })

    it('stays through checkpoints that leave the log in place; one that truncates it is a load too many', () => {
      writer.exec('update flights set delay = 1')
      const before = version()
      for (const kind of ['passive', 'full', 'restart']) {
        for (const by of [writer, reader]) by.exec(`pragma wal_checkpoint(${kind})`)
        expect(version()).toBe(before)
      }
      writer.exec('pragma wal_checkpoint(truncate)')
      const truncated = version()
      expect(truncated === before).toBe(mode === 'delete')
      expect(version()).toBe(truncated)
    })

    it('has an epoch of its own: no other connection, source or process gives it again', () => {
      const again = connect()
      expect(new Set([version(), sqliteVersion(reader)(), sqliteVersion(again)()]).size).toBe(3)
    })

    it('is read at once, so that a sync function stays sync', () => {
      const loads: unknown[] = []
      const delays = versionedLruCache((id: number) => loads.push(id), { version })
      expect(runInSession(() => [delays(1), delays(1), delays(2)])).toEqual([1, 1, 2])
      expect(delays(1)).toBe(1)
      writer.exec('update flights set delay = 1')
      expect(delays(1)).toBe(3)
      reader.exec('update flights set delay = 2')
      expect(delays(1)).toBe(4)
    })

    describe('what counts as well', () => {
      it('is what its connection writes to a temporary table', () => {
        reader.exec('create temp table marks (id)')
        const before = version()
        reader.exec('insert into marks values (1)')
        expect(version()).not.toBe(before)
      })
    })

    describe('a database that is attached', () => {
      it('has its own version, on a connection of its own; what this connection writes there counts', () => {
        const other = connect(join(root, 'other.db'))
        other.exec(`pragma journal_mode = ${mode}; create table bags (id)`)
        reader.exec(`attach '${join(root, 'other.db')}' as other`)
        const before = version()
        const ofOther = sqliteVersion(connect(join(root, 'other.db')))
        const otherBefore = ofOther()
        other.exec('insert into bags values (1)')
        expect(version()).toBe(before)
        expect(ofOther()).not.toBe(otherBefore)
        reader.exec('insert into other.bags values (2)')
        expect(version()).not.toBe(before)
      })
    })

    describe('a backup', () => {
      it('has a version that never was when it is restored by the backup of SQLite, whoever writes then', async () => {
        const copied = join(root, 'copy.db')
        await copy(writer, copied)
        const seen = [version()]
        writer.exec('update flights set delay = 1')
        seen.push(version())
        await copy(connect(copied), path)
        expect(rows()).toMatchObject([{ delay: 10 }, { delay: 20 }])
        seen.push(version())
        writer.exec('update flights set delay = 2')
        seen.push(version())
        expect(new Set(seen).size).toBe(4)
      })

      it('that is put in the place of the file is refused, and so is a file that is gone', async () => {
        await copy(writer, join(root, 'copy.db'))
        const before = version()
        renameSync(path, join(root, 'old.db'))
        expect(version).toThrow(InvalidVersionError)
        expect(version).toThrow(`The file ${path} was deleted or replaced`)
        renameSync(join(root, 'copy.db'), path)
        expect(version).toThrow('open it again, and make a new source of that')
        expect(sqliteVersion(connect())()).not.toBe(before)
        renameSync(join(root, 'old.db'), path)
        expect(version()).toBeTypeOf('string')
      })
    })

    describe('inside a transaction of its connection', () => {
      it.each(['begin', 'begin immediate', 'savepoint one'])('there is no version: %s', (sql) => {
        const before = version()
        const delays = versionedLruCache(() => rows(), { version })
        reader.exec(sql)
        expect(version).toThrow(InvalidVersionError)
        expect(() => delays()).toThrow('call the cached function before it, or after it')
        reader.exec('rollback')
        expect(version()).toBe(before)
      })
    })

    describe('a database that is locked', () => {
      it('fails as the client says, and has a version again afterwards', () => {
        const before = version()
        writer.exec('begin exclusive')
        if (mode === 'delete') expect(version).toThrow('database is locked')
        else expect(version()).toBe(before) // readers of a log need not wait
        writer.exec('rollback')
        expect(version()).toBe(before)
      })
    })

    describe('a connection that is closed', () => {
      it('fails as the client says, also when it is opened again', () => {
        const own = connect()
        const ofOwn = sqliteVersion(own)
        ofOwn()
        opened.splice(opened.indexOf(own), 1)
        own.close()
        expect(ofOwn).toThrow(/finalized|not open/)
        if (!('open' in own && typeof own.open === 'function')) return
        own.open()
        expect(ofOwn).toThrow('finalized')
        opened.push(own)
      })
    })

    describe('what it does not promise', () => {
      it('that a load is not stale which reads in a transaction that is older than the check', () => {
        const delays = versionedLruCache(() => rows(), { version: sqliteVersion(connect()) })
        reader.exec('begin')
        rows()
        if (mode === 'delete') return void expect(() => writer.exec(WRITES.update)).toThrow('database is locked')
        writer.exec('update flights set delay = 1')
        delays()
        reader.exec('commit')
        expect(delays()).toMatchObject([{ delay: 10 }, { delay: 20 }])
        expect(rows()).toMatchObject([{ delay: 1 }, { delay: 1 }])
      })

      it('that a call is right which SQL makes in the middle of a write that then fails; better-sqlite3 refuses it', () => {
        const before = version()
        const seen: unknown[] = []
        reader.function('look', (id) => {
          seen.push([version(), rows().length])
          return id
        })
        const write = () => reader.exec("insert into flights (id) select look(value) from json_each('[3, 4, 1]')")
        if (name === 'better-sqlite3') return void expect(write).toThrow('busy executing a query')
        expect(write).toThrow('UNIQUE')
        expect(seen).toContainEqual([before, 4])
        expect([version(), rows().length]).toEqual([before, 2])
      })

      it('that an update counts which leaves a row as it was', () => {
        const before = version()
        writer.exec('update legs set airport = airport')
        expect(version()).toBe(before)
      })

      it('that a link is followed which leads to another file since', () => {
        const link = join(root, 'link.db')
        symlinkSync(path, link)
        const ofLink = sqliteVersion(connect(link))
        const before = ofLink()
        connect(join(root, 'other.db')).exec('create table flights (id)')
        rmSync(link)
        symlinkSync(join(root, 'other.db'), link)
        expect(ofLink()).toBe(before)
      })

      it('while rows of its connection are streamed, it stays what it was when that began', () => {
        const before = version()
        const streamed = reader.prepare('select * from flights').iterate()
        streamed.next()
        if (mode === 'wal') writer.exec(WRITES.update)
        expect(version()).toBe(before)
        expect(rows()).toMatchObject([{ delay: 10 }, { delay: 20 }])
        streamed.return?.()
        expect(version() === before).toBe(mode === 'delete')
      })

      it('of its own connection, it does not see pragmas that write, nor a schema that is rolled back', () => {
        const before = version()
        reader.exec('pragma user_version = 5')
        expect(version()).toBe(before)
        reader.exec('begin; create table bags as select 1 as id; rollback')
        expect(version()).toBe(before)
        writer.exec('pragma user_version = 6')
        expect(version()).not.toBe(before)
      })
    })

    describe.each(['another connection', 'the same connection'])('written by %s', (by) => {
      describeFaults('`sqliteVersion`', (): VersionedSystem => {
        let own = reader
        let current = version
        let other = by === 'the same connection' ? reader : writer
        const write = async (sql: string) => other.exec(sql)
        return {
          read: async () => rows(own),
          version: () => current(),
          faults: {
            'rolled back': async (look) => {
              await look.during(() => write('begin; update flights set delay = 1'))
              await write('rollback')
              await look()
              await write('update flights set delay = 2')
              await look()
            },
            deleted: async (look) => {
              await look()
              await write('delete from flights where id = 1')
              await look()
            },
            emptied: async (look) => {
              await look()
              await write('delete from flights')
              await look()
              await write('drop table flights; create table flights as select 7 as id')
              await look()
            },
            'two writes in one tick': async (look) => {
              await write('update flights set delay = 1')
              await look()
              await write('update flights set delay = 2')
              await look()
            },
            'backup restored': async (look) => {
              const copied = join(root, 'copy.db')
              await write('update flights set delay = 1')
              await look()
              await copy(writer, copied)
              await write('update flights set delay = 2')
              await look()
              await copy(connect(copied), path)
              await look()
              await write('update flights set delay = 3')
              await look()
            },
            restarted: async (look) => {
              await look()
              for (const connection of opened.splice(0)) connection.close()
              await runElsewhere(path, "db.exec('update flights set delay = 1'); db.close()")
              own = connect()
              current = sqliteVersion(own)
              await look()
              other = by === 'the same connection' ? own : connect()
              await write('update flights set delay = 2')
              await look()
            },
            'old content again': async (look) => {
              await write('update flights set delay = 1')
              await look.during(() => write('update flights set delay = 2'))
              await write('update flights set delay = 1')
              await look()
            },
          },
        }
      })
    })
  })

  it('counts what is written to a database in memory, by its only connection', () => {
    const db = open(':memory:')
    db.exec(SCHEMA)
    const version = sqliteVersion(db)
    const seen = [version()]
    expect(version()).toBe(seen[0])
    for (const sql of Object.values(WRITES)) {
      db.exec(sql)
      seen.push(version())
    }
    expect(new Set(seen).size).toBe(seen.length)
    db.close()
  })

  it('reads rows of whatever form the connection gives them', () => {
    const db = open(':memory:')
    const version = sqliteVersion({
      inTransaction: false,
      prepare: (sql) => ({ get: () => Object.values(db.prepare(sql).get() as object) }),
    })
    expect(version()).toMatch(/^\S{36} 1 0 0$/)
    db.close()
  })
})

describe('what cannot be used', () => {
  const connection = { inTransaction: false, prepare: () => ({ get: () => [''] }) }

  it.each<[unknown, unknown, string]>([
    [undefined, {}, 'The connection is undefined: give a Database of better-sqlite3, or a DatabaseSync of node:sqlite'],
    ['flights.db', {}, 'The connection is "flights.db" (a string): give'],
    [{ prepare: connection.prepare }, {}, 'from Node 22.16 or later'],
    [connection, null, 'The options are null: give an object such as { name }.'],
    [connection, 'main', 'The options are "main" (a string): give an object'],
    [connection, { schema: 'main' }, 'There is no option "schema". The only option is "name".'],
    [connection, { name: '' }, 'The option "name" is "" (a string): give'],
  ])('is refused with what to do: %j %j', (what, options, message) => {
    const make = () => sqliteVersion(what as typeof connection, options as object)
    expect(make).toThrow(InvalidOptionError)
    expect(make).toThrow(message)
  })
})

if (!HAS_SQLITE) {
  describe('with node:sqlite and better-sqlite3 themselves, which need a newer Node', () => {
    it('holds all of this', async () => {
      const args = ['node_modules/vitest/vitest.mjs', 'run', '--reporter=json', import.meta.filename]
      const run = promisify(execFile)(await newerNode(), args, { cwd: PROJECT, maxBuffer: 2 ** 26 })
      const { stdout } = await run.catch((error: { stdout: string }) => error)
      const { testResults } = JSON.parse(stdout) as { testResults: { assertionResults: Outcome[] }[] }
      const outcomes = testResults.flatMap(({ assertionResults }) => assertionResults)
      expect(outcomes.filter(({ status }) => status === 'failed').map(({ fullName }) => fullName)).toEqual([])
      for (const client of ['node:sqlite', 'better-sqlite3']) {
        const passed = outcomes.filter(
          ({ fullName, status }) => status === 'passed' && fullName.includes(`'${client}'`),
        )
        expect(passed.length).toBeGreaterThan(100)
      }
    }, 120_000)
  })
}

interface Outcome {
  readonly fullName: string
  readonly status: string
}
