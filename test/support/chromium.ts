import { type Browser, type CDPSession, chromium, type Page } from 'playwright-core'
import { type Installed, installed } from './installed.ts'

const FLAGS = [
  '--no-sandbox', // it refuses to run as root otherwise, and sees nothing but our own pages
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-quic',
]

export function installedChromium(): Promise<Installed> {
  return installed('chromium', ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'])
}

export function launchChromium(executablePath: string): Promise<Browser> {
  return chromium.launch({ executablePath, args: FLAGS })
}

/** A text, as it runs in the page, where the types of this project do not hold. */
const CUT_OFF = `
  [...document.querySelectorAll('html, body, main, section')]
    .filter((element) => element.scrollWidth > element.clientWidth)
    .concat(top !== self && document.documentElement.scrollHeight > innerHeight ? [document.documentElement] : [])
    .map((element) => element.tagName + ' in ' + location.pathname)`

/** A request and its answer as they went over the wire. */
export interface Exchange {
  readonly method: string
  readonly url: string
  /** The headers that were sent, by their names in lower case. */
  readonly sent: Readonly<Record<string, string>>
  readonly status: number
}

/** One page, in a browser profile that has kept nothing yet. */
export class Tab {
  /** What the page has complained of. */
  readonly faults: string[] = []
  readonly page: Page
  readonly #devtools: CDPSession
  readonly #wire: Wire

  private constructor(page: Page, devtools: CDPSession) {
    this.page = page
    this.#devtools = devtools
    this.#wire = new Wire(devtools)
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) this.faults.push(message.text())
    })
    page.on('pageerror', (error) => this.faults.push(error.message))
    page.on('requestfailed', (request) => this.faults.push(`${request.url()}: ${request.failure()?.errorText}`))
  }

  static async open(browser: Browser, url: string): Promise<Tab> {
    const context = await browser.newContext({ viewport: { width: 1000, height: 800 } })
    const page = await context.newPage()
    const devtools = await context.newCDPSession(page)
    const tab = new Tab(page, devtools)
    await devtools.send('Network.enable')
    await page.goto(url)
    return tab
  }

  /** What went over the wire for an address, the last first. */
  exchanges(url: string): Exchange[] {
    return this.#wire.exchanges.filter((exchange) => exchange.url === url).reverse()
  }

  /** Clicks on what has this text, and waits for the page to which that leads. */
  async follow(text: string): Promise<void> {
    await this.#awaitLoad(() => this.page.click(`text=${text}`))
  }

  /** As with Shift: past everything that is kept. */
  async forceReload(): Promise<void> {
    await this.#awaitLoad(() => this.#devtools.send('Page.reload', { ignoreCache: true }))
  }

  /** What in the page, or in a frame of it, is wider than its place; and frames that are higher than theirs. */
  async cutOff(): Promise<string[]> {
    const found = await Promise.all(this.page.frames().map((frame) => frame.evaluate<string[]>(CUT_OFF)))
    return found.flat()
  }

  async #awaitLoad(act: () => Promise<unknown>): Promise<void> {
    await Promise.all([this.page.waitForEvent('load'), act()])
  }

  async close(): Promise<void> {
    await this.page.context().close()
  }
}

/**
 * What Chromium sends and receives. It tells a page, and Playwright, that a kept answer which the server has confirmed
 * was 200: only what it calls "extra info" is of the wire. Both come in any order, and the requests of a chain of
 * redirects have one id, so the first of one kind belongs to the first of the other.
 */
class Wire {
  readonly #asked = new Map<string, { method: string; url: string }[]>()
  readonly #sent = new Map<string, Record<string, string>[]>()
  readonly #status = new Map<string, number[]>()

  constructor(devtools: CDPSession) {
    devtools.on('Network.requestWillBeSent', ({ requestId, request }) => add(this.#asked, requestId, request))
    devtools.on('Network.requestWillBeSentExtraInfo', ({ requestId, headers }) => add(this.#sent, requestId, headers))
    devtools.on('Network.responseReceivedExtraInfo', ({ requestId, statusCode }) =>
      add(this.#status, requestId, statusCode),
    )
  }

  /** In the order in which they began; what was taken from the cache without a question is none. */
  get exchanges(): Exchange[] {
    return [...this.#asked].flatMap(([id, requests]) =>
      requests.flatMap(({ method, url }, index) => {
        const [headers, status] = [this.#sent.get(id)?.[index], this.#status.get(id)?.[index]]
        return headers && status ? [{ method, url, sent: inLowerCase(headers), status }] : []
      }),
    )
  }
}

function add<T>(lists: Map<string, T[]>, id: string, item: T): void {
  lists.set(id, [...(lists.get(id) ?? []), item])
}

function inLowerCase(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
}
