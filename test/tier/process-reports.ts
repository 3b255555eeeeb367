import { setTimeout as pause } from 'node:timers/promises'
import type pg from 'pg'
import { type CachedFunction, type Tier, versionedLruCache, versionSource } from '../../src/index.ts'
import { now, type Output, type ReportName, rowsOf } from './faults-history.ts'
import type { ProcessSettings } from './process-messages.ts'

/** What the processes cache. Its numbers are told several times over, and in types that JSON does not have. */
export interface Report {
  readonly of: ReportName
  readonly id: number
  readonly shape: string
  /** Of the rows that it is made of; code version 2 has renamed it. */
  readonly numbers?: Map<number, number>
  readonly counts?: Map<number, number>
  readonly text: string
  readonly at: Date
  readonly loadedAt: number
}

export type Reports = { readonly [of in ReportName]: CachedFunction<(id: number) => Promise<Report>> }

export interface ReportOptions {
  readonly pool: pg.Pool
  readonly settings: ProcessSettings
  readonly tier: Tier
  readonly onSlowLoad: (id: number) => void
}

/** Reports of several makes, which have so few places in memory that most calls ask the tier. */
export function makeReports({ pool, settings, tier, onSlowLoad }: ReportOptions): Reports {
  const { tierTimeout, codeVersion } = settings
  const options = { tier, tierTimeout, codeVersion, max: 2 }
  const numbersOf = (rows: readonly number[]) => readNumbers(pool, rows)
  const versions = versionSource({ name: 'rows', readMany: (rows: readonly number[]) => readVersions(pool, rows) })
  const ownVersion = (of: ReportName) =>
    settings.withoutVersions ? undefined : versions.of((id: number) => rowsOf(of, id)[0] as number)
  const single = (of: ReportName) => async (id: number) => {
    const loadedAt = now()
    if (of === 'slow') {
      onSlowLoad(id)
      await pause(settings.slowLoad)
    }
    return report(settings, of, id, await numbersOf(rowsOf(of, id)), loadedAt)
  }
  const simple = (of: ReportName, rest: { ttl?: number } = {}) =>
    versionedLruCache(single(of), { ...options, ...rest, name: of, version: ownVersion(of) })
  const item = simple('item')
  const page = async (id: number) => {
    const loadedAt = now()
    const [title, ...parts] = rowsOf('page', id) as [number, ...number[]]
    const [own, ...inner] = await Promise.all([numbersOf([title]), ...parts.map((part) => item(part))])
    const all = new Map([...own, ...inner.flatMap((part) => [...numbersIn(part)])])
    return report(settings, 'page', id, all, Math.min(loadedAt, ...inner.map((part) => part.loadedAt)))
  }
  const list = async (id: number) => {
    const loadedAt = now()
    if (!settings.withoutVersions) await Promise.all(rowsOf('list', id).map((row) => versions.current(row)))
    return report(settings, 'list', id, await numbersOf(rowsOf('list', id)), loadedAt)
  }
  return {
    item,
    page: versionedLruCache(page, { ...options, name: 'page', version: ownVersion('page') }),
    list: versionedLruCache(list, { ...options, name: 'list' }),
    timed: simple('timed', { ttl: settings.ttl }),
    slow: simple('slow'),
  }
}

function report(
  { codeVersion }: ProcessSettings,
  of: ReportName,
  id: number,
  numbers: Map<number, number>,
  loadedAt: number,
): Report {
  const shape = codeVersion ?? ''
  const renamed = shape === '2' ? { counts: numbers } : { numbers }
  return { of, id, shape, ...renamed, text: textOf(of, id, numbers), at: dateOf(numbers), loadedAt }
}

/** A report as it is written down. Of one that this code has not built, only the shape can be told. */
export function seen(given: Report, shape: string, serial: number): Output {
  const numbers = numbersIn(given)
  const rows = [...numbers].map(([row, number]) => ({ row, number }))
  const { of, id, loadedAt } = given
  const isWhole = given.text === textOf(of, id, numbers) && given.at.getTime() === dateOf(numbers).getTime()
  const hasOwnShape = given.shape === shape && (shape === '2') === 'counts' in given
  return { of, id, shape: hasOwnShape ? shape : `not ${shape}`, rows, loadedAt, isWhole, serial }
}

function numbersIn({ numbers, counts }: Report): Map<number, number> {
  return numbers ?? counts ?? new Map()
}

function textOf(of: string, id: number, numbers: Map<number, number>): string {
  return `${of} ${id}: ${[...numbers].map(([row, number]) => `${row} is at ${number}`).join(', ')}`
}

function dateOf(numbers: Map<number, number>): Date {
  return new Date([...numbers.values()].reduce((sum, number) => sum + number, 0) * 1000)
}

/** In one statement, so all are of one moment. */
async function readNumbers(pool: pg.Pool, rows: readonly number[]): Promise<Map<number, number>> {
  const found = await pool.query<{ id: number; number: number }>('select id, number from numbers where id = any($1)', [
    rows,
  ])
  const numbers = new Map(found.rows.map(({ id, number }) => [id, number]))
  return new Map(rows.map((row) => [row, numbers.get(row) as number]))
}

async function readVersions(pool: pg.Pool, rows: readonly number[]): Promise<Map<number, number>> {
  const found = await pool.query<{ id: number; version: number }>(
    'select id, version from versions where id = any($1)',
    [rows],
  )
  return new Map(found.rows.map(({ id, version }) => [id, version]))
}
