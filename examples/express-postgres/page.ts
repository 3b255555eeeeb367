import type { Answer } from './answer.ts'
import { type ChartSize, clock, ENOUGH_FLIGHTS, renderChart } from './chart.ts'
import { figure, renderDocument } from './document.ts'
import { BANDS, type Band, type DelayReport, DISTANCES, type Distance, type Summary } from './flights.ts'
import { type Html, html, number } from './html.ts'
import { renderReceipt, renderReloads } from './receipt.ts'

const NAMES: Readonly<Record<Band, string>> = {
  all: 'All flights',
  short: 'Under 500 miles',
  medium: '500 to 1,000 miles',
  long: 'From 1,000 miles',
}

const NARROW: ChartSize = { width: 316, heights: [190, 110], hourStep: 6 }
const WIDE: ChartSize = { width: 740, heights: [240, 130], hourStep: 3 }

export function renderPage(answer: Answer): string {
  const { report } = answer
  return renderDocument(
    'How late do flights arrive?',
    html`
      <h1>How late do flights arrive?</h1>
      <p class="soft">Mostly on time, but delays pile up over the day. Real flights of US airlines, from the
        Bureau of Transportation Statistics. Another page is <a href="/network">made of parts</a>.</p>
      <nav aria-label="Distance">${BANDS.map((band) => bandLink(band, report.band))}</nav>
      ${renderReceipt(answer)} ${renderReloads(pathOf(report.band))}
      ${chart(report)} ${recordForm(report.band)} ${tables(report)}`,
  )
}

function bandLink(band: Band, current: Band): Html {
  return html`<a href="${pathOf(band)}" ${band === current ? html`aria-current="page"` : ''}>${NAMES[band]}</a>`
}

/** Where the report of a distance band is. */
export function pathOf(band: Band): string {
  return band === 'all' ? '/' : `/?band=${band}`
}

function chart(report: DelayReport): Html {
  return html`<section>
    <h2>Delays over the day</h2>
    <dl class="numbers">
      ${figure('flights', number(report.flights))}
      ${figure('median delay', minutes(report.delay?.p50))}
      ${figure('one in ten is earlier than', minutes(report.delay?.p10))}
      ${figure('one in ten is later than', minutes(report.delay?.p90))}
    </dl>
    <figure>
      <div class="narrow">${renderChart(report, NARROW)}</div>
      <div class="wide">${renderChart(report, WIDE)}</div>
      <figcaption>
        <ul class="legend">
          ${legend('median', 'median delay')} ${legend('range', '8 in 10 flights')}
          ${distancesIn(report.band).map((distance) => legend(distance, NAMES[distance].toLowerCase()))}
        </ul>
        <p class="soft small">Below zero is early. Hours with fewer than ${ENOUGH_FLIGHTS} flights show no delay.</p>
      </figcaption>
    </figure>
  </section>`
}

function distancesIn(band: Band): readonly Distance[] {
  return band === 'all' ? DISTANCES : [band]
}

function minutes(value: number | undefined): string {
  return value === undefined ? '–' : `${number(value)} min`
}

function legend(kind: Distance | 'median' | 'range', text: string): Html {
  const mark =
    kind === 'median'
      ? html`<line class="median" x1="0" x2="16" y1="6" y2="6" />`
      : html`<rect class="${kind}" width="16" height="12" />`
  return html`<li><svg viewBox="0 0 16 12" aria-hidden="true">${mark}</svg>${text}</li>`
}

function recordForm(band: Band): Html {
  return html`<section id="record">
    <h2>Record a flight</h2>
    <p>A trigger in the database counts a version up with each write. The next page sees that, and loads once.</p>
    <form method="post" action="${band === 'all' ? '/flights' : `/flights?band=${band}`}">
      <label>Delay, minutes <input name="delay" type="number" min="-120" max="3000" value="45" required></label>
      <label>Distance, miles <input name="distance" type="number" min="1" max="12500" value="800" required></label>
      <label>Departure <input name="time" type="time" value="08:30" required></label>
      <button>Record flight</button>
    </form>
  </section>`
}

function tables({ band, distances, hours }: DelayReport): Html {
  const byDistance = distancesIn(band).map((distance) => row(NAMES[distance], distances[distance]))
  return html`<section>
    ${table('By distance', byDistance)}
    <details><summary>By hour of departure</summary>
      ${table(
        '',
        hours.map((hour) => row(`${clock(hour.hour)}–${clock(hour.hour + 1)}`, hour)),
      )}
    </details>
  </section>`
}

function table(title: string, rows: Html[]): Html {
  return html`<table>
    ${title === '' ? '' : html`<caption><h2>${title}</h2></caption>`}
    <thead><tr><td></td><th scope="col">flights</th><th scope="col">10%</th><th scope="col">median</th><th scope="col">90%</th></tr></thead>
    <tbody>${rows}</tbody>
  </table>`
}

function row(name: string, { flights, delay }: Summary): Html {
  return html`<tr><th scope="row">${name}</th><td>${number(flights)}</td>
    ${(['p10', 'p50', 'p90'] as const).map((share) => html`<td>${delay === null ? '–' : number(delay[share])}</td>`)}</tr>`
}
