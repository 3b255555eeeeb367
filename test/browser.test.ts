import type { Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { type Exchange, installedChromium, launchChromium, Tab } from './support/chromium.ts'
import { during, getTotals, numbersOf } from './support/example-client.ts'
import { type RunningApp, startApp, stopApp } from './support/example-process.ts'
import { ask } from './support/http-client.ts'
import { describeWith } from './support/installed.ts'

const NOTHING = { requests: 0, notModified: 0, calls: 0, checks: 0, loads: 0, hits: 0 }
const KEPT = { ...NOTHING, requests: 1, notModified: 1, checks: 1 }

describeWith(await installedChromium(), 'the live example in Chromium', (path) => {
  let app: RunningApp
  let browser: Browser
  let tab: Tab

  beforeAll(async () => {
    app = await startApp(undefined)
    browser = await launchChromium(path)
  })
  afterAll(async () => {
    await Promise.all([browser?.close(), app && stopApp(app)])
  })
  beforeEach(async () => {
    tab = await Tab.open(browser, `${app.url}/`)
  })
  afterEach(async () => {
    const { faults } = tab
    await tab.close()
    expect(faults).toEqual([])
  })

  /** What was asked of the page the last time, which has been so many times by now. */
  async function lastOf(times: number, page = '/'): Promise<Exchange | undefined> {
    return await vi.waitFor(() => {
      const exchanges = tab.exchanges(app.url + page)
      expect(exchanges).toHaveLength(times)
      return exchanges[0]
    })
  }

  const tagOf = async (page = '/') => (await ask(app.url + page)).headers.etag
  const shown = () => tab.page.locator('main').innerText()
  const flights = async () => numbersOf(await tab.page.content())['flights'] ?? Number.NaN
  const made = () => tab.page.locator('time').getAttribute('datetime')

  test('it asks for the page without a tag at first, as it has none', async () => {
    expect(await lastOf(1)).toMatchObject({ status: 200, sent: { host: new URL(app.url).host } })
    expect((await lastOf(1))?.sent).not.toHaveProperty('if-none-match')
    expect(await shown()).toMatch(/^How late do flights arrive\?/)
  })

  test('a reload is 304 on the wire: one check, no call and no load, and the same page', async () => {
    const [tag, page] = [await tagOf(), await shown()]
    const [, done] = await during(app.url, () => tab.page.reload())
    expect(await lastOf(2)).toMatchObject({ status: 304, sent: { 'if-none-match': tag, 'cache-control': 'max-age=0' } })
    expect(done).toEqual(KEPT)
    expect(await shown()).toBe(page)
  })

  test('the counts in the page are those of now, although the page is the one from before', async () => {
    const counts = async () => numbersOf((await tab.page.frame({ url: /\/totals$/ })?.content()) ?? '')
    const before = await counts()
    await tab.page.reload()
    const { requests, notModified, calls, checks, loads, hits } = await getTotals(app.url)
    expect(await counts()).toEqual({ requests, 'of them 304': notModified, calls, checks, loads, hits })
    expect(notModified).toBe((before['of them 304'] ?? 0) + 1)
  })

  test('a link to the page that it has is 304 too', async () => {
    const [tag, page] = [await tagOf(), await shown()]
    const [, done] = await during(app.url, () => tab.follow('look again'))
    expect(await lastOf(2)).toMatchObject({ status: 304, sent: { 'if-none-match': tag } })
    expect(done).toEqual(KEPT)
    expect(await shown()).toBe(page)
  })

  test('recording a flight by the form leads to the new report, by one load, which is kept from then on', async () => {
    const [tag, before] = [await tagOf(), await flights()]
    const [, done] = await during(app.url, () => tab.follow('Record flight >> nth=-1'))
    expect(await lastOf(1, '/flights')).toMatchObject({ method: 'POST', status: 303 })
    expect(await lastOf(2)).toMatchObject({ method: 'GET', status: 200, sent: { 'if-none-match': tag } })
    expect(done).toMatchObject({ requests: 1, notModified: 0, calls: 3, checks: 1, loads: 1 })
    expect(await flights()).toBe(before + 1)

    const page = await shown()
    expect((await during(app.url, () => tab.page.reload()))[1]).toEqual(KEPT)
    expect(await lastOf(3)).toMatchObject({ status: 304, sent: { 'if-none-match': await tagOf() } })
    expect(await shown()).toBe(page)
  })

  test('a forced reload sends no tag, and gets a page that is made anew of the same report', async () => {
    const before = [await flights(), await made()]
    const [, done] = await during(app.url, () => tab.forceReload())
    const forced = await lastOf(2)
    expect(forced).toMatchObject({ status: 200, sent: { 'cache-control': 'no-cache' } })
    expect(forced?.sent).not.toHaveProperty('if-none-match')
    expect(done).toMatchObject({ requests: 1, notModified: 0, calls: 3, checks: 1, loads: 0 })
    expect(await flights()).toBe(before[0])
    expect(await made()).not.toBe(before[1])
  })

  test('going back and forward shows the pages as they were, and asks for no report; a reload then does', async () => {
    const all = await shown()
    await tab.follow('Under 500 miles')
    const short = await shown()
    const [, done] = await during(app.url, async () => {
      await tab.page.goBack()
      expect(await shown()).toBe(all)
      await tab.page.goForward()
      expect(await shown()).toBe(short)
    })
    expect(done).toEqual(NOTHING)
    const tag = await tagOf('/?band=short')
    expect((await during(app.url, () => tab.page.reload()))[1]).toEqual(KEPT)
    expect(await lastOf(2, '/?band=short')).toMatchObject({ status: 304, sent: { 'if-none-match': tag } })
  })

  test('a page made of parts says which of them a write has made it load, until then it is 304', async () => {
    await tab.follow('made of parts')
    const loaded = () => tab.page.locator('tr:has(b) > th').allInnerTexts()
    expect(await loaded()).toHaveLength(4)
    await tab.page.reload()
    expect(await lastOf(2, '/network')).toMatchObject({ status: 304 })

    await tab.follow('Add a flight')
    expect(await lastOf(1, '/network/routes')).toMatchObject({ method: 'POST', status: 303 })
    expect(await lastOf(3, '/network')).toMatchObject({ status: 200 })
    expect(await loaded()).toEqual(['Most flown', 'Busiest airports', 'All of them together'])
    await tab.follow('Rename it')
    expect(await loaded()).toEqual(['Farthest north', 'Busiest airports', 'All of them together'])
    await tab.follow('look again')
    expect(await lastOf(5, '/network')).toMatchObject({ status: 304 })
  })

  test.each([320, 360, 640, 1000])(
    'on a screen of %i pixels nothing is cut off or has to be scrolled sideways',
    async (width) => {
      await tab.page.setViewportSize({ width, height: 740 })
      await tab.page.click('summary')
      expect(await tab.cutOff()).toEqual([])
      await tab.follow('made of parts')
      expect(await tab.cutOff()).toEqual([])
    },
  )
})
