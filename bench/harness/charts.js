import { writeFile } from 'node:fs/promises'
import { parse, View } from 'vega'
import { compile } from 'vega-lite'
import { OURS } from './case.js'
import { fixed } from './numbers.js'
import { medianOf } from './targets.js'

/** On white, so that it can be read on a dark page too. */
const COLOURS = { ours: '#d9480f', other: '#9aa5b1', text: '#1f2933' }

/**
 * Draws the charts of a case as far as their rows were measured.
 *
 * @param {import('./case.js').Case} benchCase
 * @param {import('./results.js').RowResult[]} rows
 * @param {URL} folder
 */
export async function drawCharts({ charts = [], metrics }, rows, folder) {
  for (const chart of charts) {
    const bars = barsOf(chart, metrics[chart.metric], rows)
    if (bars.length > 0) await writeFile(new URL(chart.file, folder), `${await toSvg(specOf(chart, bars))}\n`)
  }
}

/** @typedef {{ candidate: string, value: number, label: string }} Bar */

/**
 * @param {import('./case.js').Chart} chart
 * @param {import('./case.js').Metric} metric
 * @param {import('./results.js').RowResult[]} rows
 * @returns {Bar[]} the best first
 */
export function barsOf({ metric: name, variant }, { digits, better }, rows) {
  const candidates = rows.filter((row) => row.variant === variant).map(({ candidate }) => candidate)
  return candidates
    .map((candidate) => ({ candidate, value: medianOf(rows, variant, candidate, name) }))
    .filter(({ value }) => value !== undefined)
    .sort((one, other) => (better === 'less' ? one.value - other.value : other.value - one.value))
    .map((bar) => ({ ...bar, label: fixed(bar.value, digits) }))
}

/**
 * @param {import('./case.js').Chart} chart
 * @param {Bar[]} bars
 * @returns {import('vega-lite').TopLevelSpec}
 */
function specOf({ title, log = false }, bars) {
  const y = { field: 'candidate', type: 'nominal', sort: null, title: null }
  const x = { field: 'value', type: 'quantitative', title: null, scale: log ? logScale(bars) : {}, stack: null }
  const isOurs = { test: `datum.candidate === '${OURS}'`, value: COLOURS.ours }
  return {
    data: { values: bars },
    title: { text: title, anchor: 'start', frame: 'group', color: COLOURS.text },
    background: 'white',
    padding: 12,
    width: 560,
    height: { step: 26 },
    config: {
      aria: false,
      font: 'sans-serif',
      view: { stroke: null },
      axis: { labelColor: COLOURS.text, labelFontSize: 12 },
    },
    encoding: { y: { ...y, axis: { domain: false, ticks: false, labelPadding: 6, labelLimit: 300 } } },
    layer: [
      {
        mark: { type: 'bar', height: { band: 0.7 } },
        encoding: { x: { ...x, axis: null }, color: { condition: isOurs, value: COLOURS.other } },
      },
      {
        mark: { type: 'text', align: 'left', dx: 5, fontSize: 12, color: COLOURS.text },
        encoding: { x, text: { field: 'label' } },
      },
    ],
  }
}

/** Bars of a logarithmic scale have no zero to begin at: they begin at a power of ten, at half of the smallest or less. */
function logScale(bars) {
  const values = bars.map(({ value }) => value).filter((value) => value > 0)
  return { type: 'log', domainMin: 10 ** Math.floor(Math.log10(Math.min(...values)) - 0.3), clamp: true }
}

/** @param {import('vega-lite').TopLevelSpec} spec */
function toSvg(spec) {
  return new View(parse(compile(spec).spec), { renderer: 'none' }).toSVG()
}
