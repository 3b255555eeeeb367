import type { Answer } from './answer.ts'
import type { Cost } from './cost.ts'
import { figure, renderDocument } from './document.ts'
import { type Html, html, number, time } from './html.ts'
import type { Totals } from './totals.ts'

/** What the answer cost in which the page came. A browser that keeps the page goes on showing that. */
export function renderReceipt({ cost, made }: Answer): Html {
  return html`<section>
    <h2>What this page cost</h2>
    <dl class="numbers">
      ${figure('calls of the report', number(cost.calls))}
      ${figure(cost.checks === 1 ? 'check of the version' : 'checks of the version', number(cost.checks), cost.checkTime)}
      ${figure(cost.loads === 1 ? 'load of the report' : 'loads of the report', number(cost.loads), cost.loadTime)}
    </dl>
    <p>The headline, the chart and the tables each asked for the report. ${explain(cost)}</p>
    <p class="soft">Made on ${time(made)}.</p>
  </section>`
}

function explain({ checks, loads }: Cost): string {
  if (loads > 0)
    return 'None was kept for the flights as they were then, so the first one ran the costly query for all three.'
  if (checks > 0) return 'One look at the version showed that a current report was there, so nothing had to be made.'
  return 'Another request came at the same moment, and this one shared what that one learned.'
}

/** What the page is in the browser for. The totals are a document of their own in it: they go on while it stays. */
export function renderReloads(path: string): Html {
  return html`<section>
    <h2>What a reload costs</h2>
    <p>Your browser keeps this page with a tag that stands for the version of its report, and sends the tag when you
      <a href="${path}">look again</a> or reload. If no flight was recorded since, the server makes one check, and neither
      a report nor a page: it answers <b>304 Not Modified</b>, and you see the page that your browser has, with the time
      and the costs above. The counts since the start are never kept, so you see them go up:</p>
    <iframe src="/totals" title="Counts since the start"></iframe>
    <p>A forced reload (Ctrl or ⌘, Shift and R) sends no tag: the page is made again, from the report that the server
      has kept. Only a new flight makes a new report: <a href="#record">record one</a>. The network panel of the
      developer tools shows the status of each answer.</p>
  </section>`
}

/** What was done since the start, for all visitors together. */
export function renderTotals({ notModified, ...counts }: Totals): string {
  const { requests, ...work } = counts
  return renderDocument(
    'Since the start',
    html`<dl class="numbers totals">
      ${figure('requests', number(requests))} ${figure('of them 304', number(notModified))}
      ${Object.entries(work).map(([name, value]) => figure(name, number(value)))}
    </dl>`,
    'inset',
  )
}
