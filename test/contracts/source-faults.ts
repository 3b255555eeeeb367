import { readFileSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import { describe, expect, it } from 'vitest'
import { versionedLruCache } from '../../src/index.ts'

/** What makes versions wrong: the columns of the table in docs/choosing-a-version.md. */
const FAULTS = [
  'older commits last',
  'older commits first',
  'rolled back',
  'deleted',
  'emptied',
  'two writes in one tick',
  'backup restored',
  'restarted',
  'old content again',
] as const

type Fault = (typeof FAULTS)[number]

/** Calls a cached function in a session of its own, and compares what it gives with what is there. */
interface Look {
  (): Promise<void>
  /** The same, while something is done between the check and the load. There has to be a load. */
  during(act: () => Promise<unknown>): Promise<void>
}

/** A real system, its data, and what says which version of the data it has. */
export interface VersionedSystem {
  /** The data, as a loader reads them. */
  read(): Promise<unknown>
  /** The `version` of a cached function without arguments. */
  readonly version: () => Promise<unknown> | unknown
  /** What is done to the system, with a look after each step. What is missing cannot happen there. */
  readonly faults: Partial<Record<Fault, (look: Look) => Promise<void>>>
}

/**
 * The row of the table: what each fault leads to, and that the documentation says exactly that. Each fault is a test
 * of its own, with a system that is made for it.
 *
 * @param row the first cell of its row.
 */
export function describeFaults(row: string, make: () => Promise<VersionedSystem> | VersionedSystem): void {
  describe(`${row}, as docs/choosing-a-version.md says`, () => {
    it.each(FAULTS)('%s', async (fault) => {
      expect(await tell(await make(), fault)).toBe(documented(row)[fault])
    })
  })
}

async function tell({ read, version, faults }: VersionedSystem, fault: Fault): Promise<string> {
  const commit = faults[fault]
  if (commit === undefined) return '–'
  let meanwhile: (() => Promise<unknown>) | undefined
  const cached = versionedLruCache(
    async () => {
      await meanwhile?.()
      meanwhile = undefined
      return read()
    },
    { version: version as () => Promise<string>, ttl: Number.POSITIVE_INFINITY },
  )
  let stale = false
  const look = async (): Promise<void> => {
    const given = await cached()
    stale ||= !isDeepStrictEqual(given, await read())
  }
  const during = async (act: () => Promise<unknown>): Promise<void> => {
    meanwhile = act
    await look()
    expect(meanwhile, 'there was no load').toBeUndefined()
  }
  await commit(Object.assign(look, { during }))
  expect(cached.stats().loads, 'nothing was looked at').toBeGreaterThan(0)
  return stale ? '**stale**' : 'fresh'
}

const PAGE = new URL('../../docs/choosing-a-version.md', import.meta.url)

/** Every row of the table. */
export function documentedRows(): Map<string, Record<Fault, string>> {
  const lines = readFileSync(PAGE, 'utf8').split('\n')
  const start = lines.findIndex((line) => line.includes(FAULTS[0]))
  const end = lines.findIndex((line, index) => index > start && !line.startsWith('|'))
  const rows = lines.slice(start, end).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  )
  const [[, ...faults] = [], , ...others] = rows
  expect(faults).toEqual([...FAULTS])
  return new Map(
    others.map(([name, ...cells]) => [name, Object.fromEntries(faults.map((fault, at) => [fault, cells[at]]))]),
  ) as never
}

function documented(row: string): Record<Fault, string> {
  const cells = documentedRows().get(row)
  if (cells === undefined) throw new Error(`docs/choosing-a-version.md has no row ${row}.`)
  return cells
}
