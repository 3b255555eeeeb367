import { type Html, html } from './html.ts'

export const STYLE: Html = html`
:root {
  color-scheme: light dark;
  --paper: #fbfaf7; --card: #ffffff; --ink: #1d2733; --soft: #5c6875; --line: #e3e2dc;
  --accent: #1f5fa8; --accent-ink: #ffffff; --range: #c6d9ee;
  --short: #9ccfc4; --medium: #4a9e94; --long: #1b5f5c;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #14181d; --card: #1b2128; --ink: #e6e9ec; --soft: #9ba7b3; --line: #2e3740;
    --accent: #7db4ee; --accent-ink: #10202f; --range: #2a4460;
    --short: #2c6a66; --medium: #4ea399; --long: #a9ddd3;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; padding: 2rem 1rem 3rem; background: var(--paper); color: var(--ink);
  font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
}
main { max-width: 50rem; margin: 0 auto; }
h1 { margin: 0 0 .5rem; font-size: clamp(1.6rem, 5vw, 2.2rem); line-height: 1.15; letter-spacing: -.015em; text-wrap: balance; }
h2 { margin: 0 0 .35rem; font-size: 1.1rem; line-height: 1.3; }
p { margin: 0 0 .75rem; text-wrap: pretty; }
a { color: var(--accent); text-underline-offset: .15em; }
.soft { color: var(--soft); }
.small { font-size: .875rem; }
section { margin-top: 1.25rem; padding: 1.1rem 1rem; background: var(--card); border: 1px solid var(--line); border-radius: .75rem; }
section > :last-child { margin-bottom: 0; }
nav { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; margin-top: 1rem; }
nav a { padding: .3rem 0; }
nav a[aria-current] { color: var(--ink); font-weight: 600; text-decoration: none; border-bottom: 2px solid var(--accent); }
.numbers { display: grid; grid-template-columns: repeat(auto-fit, minmax(5.25rem, 1fr)); gap: .75rem 1rem; margin: .75rem 0 1rem; }
.numbers div { display: flex; flex-direction: column-reverse; justify-content: flex-end; }
.numbers dt { color: var(--soft); font-size: .875rem; line-height: 1.35; }
.numbers dd { margin: 0; font-size: 1.6rem; line-height: 1.25; font-weight: 600; font-variant-numeric: tabular-nums; }
.numbers dd small { margin-left: .2rem; font-size: .875rem; font-weight: 400; color: var(--soft); white-space: nowrap; }
.numbers:has(> :nth-child(4)) { grid-template-columns: repeat(auto-fit, minmax(7.5rem, 1fr)); }
.inset { padding: 0; background: var(--card); } .inset main { max-width: none; } .inset .numbers { margin: 0; }
iframe { display: block; width: 100%; height: 6.5rem; margin: 0 0 .25rem; border: 0; }
.totals.numbers { grid-template-columns: repeat(3, 1fr); gap: .5rem; }
.totals dd { font-size: 1.15rem; } .totals dt { font-size: .8rem; }
@media (min-width: 33rem) { .totals.numbers { grid-template-columns: repeat(6, 1fr); } }
figure { margin: 1.25rem 0 0; }
figcaption p { margin: 0; }
svg { display: block; width: 100%; height: auto; font-size: 12px; overflow: visible; }
.legend { display: flex; flex-wrap: wrap; gap: .3rem 1.1rem; margin: .75rem 0; padding: 0; list-style: none; font-size: .875rem; color: var(--soft); }
.legend svg { display: inline-block; width: 1.1em; height: .8em; margin-right: .4em; }
.grid { stroke: var(--line); } .zero { stroke: var(--soft); }
.tick { fill: var(--soft); } .panel { fill: var(--ink); font-weight: 600; }
.range { fill: var(--range); } .median { fill: none; stroke: var(--accent); stroke-width: 2.5; stroke-linejoin: round; }
.short { fill: var(--short); } .medium { fill: var(--medium); } .long { fill: var(--long); }
.hover { fill: transparent; } .hover:hover { fill: var(--ink); fill-opacity: .07; }
.narrow { display: block; } .wide { display: none; }
table { width: 100%; font-size: .8rem; border-collapse: collapse; font-variant-numeric: tabular-nums; }
caption { padding-bottom: .5rem; text-align: left; }
th, td { padding: .4rem 0 .4rem .4rem; border-top: 1px solid var(--line); text-align: right; vertical-align: bottom; }
th:first-child { padding-left: 0; text-align: left; }
thead td { border-top: 0; }
thead th { border-top: 0; color: var(--soft); font-size: .75rem; font-weight: 400; line-height: 1.3; }
tbody th { font-weight: 400; }
summary { cursor: pointer; color: var(--accent); }
details { margin-top: .75rem; }
details table { margin-top: .75rem; }
td, thead th { white-space: nowrap; }
.words { margin-bottom: .75rem; } .words td, .words thead th { text-align: left; white-space: normal; }
form { display: grid; grid-template-columns: repeat(auto-fit, minmax(8.5rem, 1fr)); gap: 1rem; align-items: end; }
form + form { margin-top: 1.5rem; }
label { font-size: .875rem; color: var(--soft); }
input, button { display: block; width: 100%; min-height: 2.75rem; padding: .5rem .75rem; font: inherit; border-radius: .5rem; }
input { margin-top: .25rem; color: var(--ink); background: var(--paper); border: 1px solid var(--line); }
button { border: 0; background: var(--accent); color: var(--accent-ink); font-weight: 600; cursor: pointer; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
@media (min-width: 40rem) { .narrow { display: none; } .wide { display: block; } iframe { height: 3.5rem; } body { padding-top: 3rem; } section { padding: 1.5rem 1.75rem; } table { font-size: 1rem; } thead th { font-size: .875rem; } }
`
