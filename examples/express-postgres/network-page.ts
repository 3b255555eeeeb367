import type { Cost } from './cost.ts'
import { figure, renderDocument } from './document.ts'
import { type Html, html, number, time } from './html.ts'
import type { Airport, BusyAirport, Overview, Route } from './network.ts'

/** What is kept, what it is made of, and what the load of it is called. */
const KEPT: readonly [part: string, madeOf: string, load: keyof Overview | 'whole'][] = [
  ['Farthest north', 'airports', 'north'],
  ['Most flown', 'routes', 'pairs'],
  ['Busiest airports', 'airports and routes', 'hubs'],
  ['All of them together', 'the three parts', 'whole'],
]

export function renderNetwork({ north, pairs, hubs }: Overview, cost: Cost): string {
  return renderDocument(
    'Airports and routes',
    html`
      <h1>Airports and routes</h1>
      <p class="soft">A page made of three parts, each kept on its own, over two tables: the airports of the
        US, and how many flights went from one to another in 2008. <a href="/">Back to the delays</a></p>
      ${receipt(cost)} ${writes()}
      ${part('Farthest north', 'latitude', north.map(northRow))}
      ${part('Most flown', 'flights, both ways', pairs.map(pairRow))}
      ${part('Busiest airports', 'flights', hubs.map(hubRow))}`,
  )
}

function receipt({ checks, checkTime, loaded }: Cost): Html {
  return html`<section>
    <h2>What this page cost</h2>
    <dl class="numbers">
      ${figure(checks === 1 ? 'check of the versions' : 'checks of the versions', number(checks), checkTime)}
      ${figure(loaded.size === 1 ? 'load' : 'loads', number(loaded.size))}
    </dl>
    <table class="words">
      <thead><tr><td></td><th scope="col">made of</th><th scope="col">for this page</th></tr></thead>
      <tbody>${KEPT.map(
        ([name, madeOf, load]) =>
          html`<tr><th scope="row">${name}</th><td>${madeOf}</td><td>${loaded.has(load) ? html`<b>loaded</b>` : 'kept'}</td></tr>`,
      )}</tbody>
    </table>
    <p>Write to one of the tables, and what was made of it is loaded again, and nothing else. Then
      <a href="/network">look again</a>: your browser has the page, and all of it is good, so the server answers
      <b>304 Not Modified</b>, after one check.</p>
    <p class="soft">Made on ${time(new Date())}.</p>
  </section>`
}

function writes(): Html {
  return html`<section>
    <h2>Write to a table</h2>
    <form method="post" action="/network/airports">
      <label>Airport <input name="code" value="ATL" required></label>
      <label>New name <input name="name" value="Hartsfield-Jackson Atlanta International" maxlength="80" required></label>
      <button>Rename it</button>
    </form>
    <form method="post" action="/network/routes">
      <label>From <input name="origin" value="SFO" required></label>
      <label>To <input name="destination" value="LAX" required></label>
      <button>Add a flight</button>
    </form>
  </section>`
}

function part(title: string, unit: string, rows: Html[]): Html {
  return html`<section><table>
    <caption><h2>${title}</h2></caption>
    <thead><tr><td></td><th scope="col">${unit}</th></tr></thead>
    <tbody>${rows}</tbody>
  </table></section>`
}

function northRow({ name, city, latitude }: Airport): Html {
  return row(`${name}, ${city}`, `${latitude.toFixed(2)}° N`)
}

function pairRow({ origin, destination, flights }: Route): Html {
  return row(`${origin} – ${destination}`, number(flights))
}

function hubRow({ name, city, flights }: BusyAirport): Html {
  return row(`${name}, ${city}`, number(flights))
}

function row(name: string, value: string): Html {
  return html`<tr><th scope="row">${name}</th><td>${value}</td></tr>`
}
