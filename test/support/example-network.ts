import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Database } from '../../examples/express-postgres/database.ts'
import { serveCounted } from './example-apps.ts'
import { askAgain } from './example-client.ts'
import { ask } from './http-client.ts'

const [NORTH, PAIRS, HUBS, WHOLE] = [
  'Farthest north',
  'Most flown',
  'Busiest airports',
  'All of them together',
] as const

/** A write, and what is made of the table. */
const WRITES = [
  ['airports', { code: 'ATL', name: 'Candler Field' }, [NORTH, HUBS, WHOLE]],
  ['routes', { origin: 'SFO', destination: 'LAX' }, [PAIRS, HUBS, WHOLE]],
] as const

const WRONG: [table: string, fields: Record<string, string>, reason: RegExp][] = [
  ['airports', { code: 'ATL' }, /name&quot; is missing/],
  ['airports', { code: 'ATL', name: ' ' }, /name&quot; is missing, or cannot be used/],
  ['airports', { code: 'ATL', name: 'a\0b' }, /send 1 to 80 characters/],
  ['airports', { code: 'ATL', name: 'a'.repeat(81) }, /send 1 to 80 characters/],
  ['airports', { code: "' or 1=1", name: 'a' }, /send the code of an airport/],
  ['airports', { code: 'QQQ', name: 'a' }, /There is no such airport/],
  ['routes', { origin: 'SFO' }, /destination&quot; is missing/],
  ['routes', { origin: 'SFO', destination: 'SFO' }, /There is no such route/],
]

/** What holds for the page that is made of parts, on any database that was prepared for it. */
export function networkPromises(database: () => Database): void {
  let app: Awaited<ReturnType<typeof serveCounted>>
  beforeAll(async () => {
    app = await serveCounted(database())
  })
  afterAll(() => app?.[Symbol.asyncDispose]())

  const page = async () => (await ask(`${app.url}/network`)).text
  const write = (table: string, fields: Record<string, string>) =>
    fetch(`${app.url}/network/${table}`, { method: 'POST', body: new URLSearchParams(fields), redirect: 'manual' })

  test('loads everything once; whoever comes next gets what is kept, by one statement', async () => {
    expect(loadedIn(await page())).toEqual([NORTH, PAIRS, HUBS, WHOLE])
    const [again, statements] = await app.during(page)
    expect([loadedIn(again), statements]).toEqual([[], 1])
    expect(again).toContain('William B Hartsfield-Atlanta Intl, Atlanta, GA')
  })

  test.each(WRITES)('a write to the %s loads again what reads them, and nothing else', async (table, fields, made) => {
    await page()
    const { status, headers } = await write(table, fields)
    expect([status, headers.get('location')]).toEqual([303, '/network'])
    const [next, statements] = await app.during(page)
    const queries = made.length - 1 // the whole has none of its own
    expect([loadedIn(next), statements]).toEqual([made, 1 + queries])
    expect(loadedIn(await page())).toEqual([])
  })

  test('shows what was written, as the text that it is', async () => {
    const before = flightsOf('LAX – SFO', await page())
    await write('routes', { origin: 'LAX', destination: 'SFO' })
    await write('airports', { code: 'ATL', name: '<b>&' })
    const after = await page()
    expect(flightsOf('LAX – SFO', after)).toBe(before + 1)
    expect(after).toContain('&lt;b&gt;&amp;, Atlanta, GA')
  })

  test('who has the page is told so by one statement, until either table is written to', async () => {
    for (const [table, fields] of WRITES) {
      const { headers } = await ask(`${app.url}/network`)
      const [again, statements] = await app.during(() => askAgain(`${app.url}/network`, headers.etag))
      expect([again.status, again.text, statements]).toEqual([304, '', 1])

      await write(table, fields)
      const next = await askAgain(`${app.url}/network`, headers.etag)
      expect(next.status).toBe(200)
      expect(next.headers.etag).not.toBe(headers.etag)
    }
  })

  test('many requests at once after a write load each part once', async () => {
    await page()
    await write('routes', { origin: 'SFO', destination: 'LAX' })
    const pages = await Promise.all(Array.from({ length: 50 }, page))
    expect(pages.flatMap(loadedIn).sort()).toEqual([WHOLE, HUBS, PAIRS])
    expect(new Set(pages.map((each) => flightsOf('LAX – SFO', each))).size).toBe(1)
  })

  test.each(WRONG)('refuses to write to the %s: %j', async (table, fields, reason) => {
    const before = await page()
    const answer = await write(table, fields)
    expect(answer.status).toBe(400)
    expect(await answer.text()).toMatch(reason)
    expect(tablesIn(await page())).toEqual(tablesIn(before))
  })
}

/** What the page says was loaded for it. */
function loadedIn(page: string): string[] {
  return [...page.matchAll(/<th scope="row">([^<]*)<\/th><td>[^<]*<\/td><td><b>loaded<\/b>/g)].map(
    ([, name = '']) => name,
  )
}

function flightsOf(name: string, page: string): number {
  const [, flights = ''] = page.split(`<th scope="row">${name}</th><td>`)[1]?.match(/^([\d,]+)/) ?? []
  return Number(flights.replaceAll(',', ''))
}

function tablesIn(page: string): string[] {
  return page.split('<caption>').slice(1)
}
