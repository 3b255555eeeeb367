import { type DelayReport, DISTANCES, type Hour, type Percentiles } from './flights.ts'
import { type Html, html, number } from './html.ts'

export interface ChartSize {
  readonly width: number
  /** Of the delays, and of the flights below them. */
  readonly heights: readonly [delays: number, flights: number]
  /** Hours between two labels. */
  readonly hourStep: number
}

/** Percentiles of a handful of flights say nothing, and would only stretch the scale. */
export const ENOUGH_FLIGHTS = 100

/** The day of flights begins when the fewest are in the air, so that the late evening runs on past midnight. */
const FIRST_HOUR = 3

const LEFT = 48
const RIGHT = 10
const HEADROOM = 30
const GAP = 58
const FOOTROOM = 44

type Scale = (value: number) => number

interface Axis {
  readonly scale: Scale
  readonly ticks: readonly number[]
}

type Drawn = Hour & { readonly delay: Percentiles }

/** Delays by hour above, flights by hour below, on one axis of hours. */
export function renderChart(report: DelayReport, { width, heights: [upper, lower], hourStep }: ChartSize): Html {
  const hours = [...report.hours.slice(FIRST_HOUR), ...report.hours.slice(0, FIRST_HOUR)]
  const drawn = hours.filter((hour): hour is Drawn => hour.delay !== null && hour.flights >= ENOUGH_FLIGHTS)
  const x = linear(0, 24, LEFT, width - RIGHT)
  const top = HEADROOM + upper + GAP
  const bottom = top + lower
  const delays = axis(delaysOf(drawn), HEADROOM + upper, HEADROOM)
  const flights = axis([0, ...hours.map((hour) => hour.flights)], bottom, top)
  return html`<svg viewBox="0 0 ${width} ${bottom + FOOTROOM}" role="img" aria-label="${summarize(report)}">
    ${panelTitle('Arrival delay, minutes', HEADROOM)} ${grid(delays, width)}
    ${segmentsOf(drawn).map((segment) => delayCurve(segment, x, delays.scale))}
    ${panelTitle('Flights, by hour of the day', top)} ${grid(flights, width)}
    ${hours.map((hour) => flightBar(hour, x, flights.scale))}
    ${hourAxis(x, bottom, hourStep)}
    ${hours.map((hour) => hoverArea(hour, x, bottom))}
  </svg>`
}

/** Where an hour begins on the axis, in hours from its left end. */
function begins({ hour }: Hour): number {
  return (hour - FIRST_HOUR + 24) % 24
}

function summarize({ hours }: DelayReport): string {
  const busiest = hours.reduce((most, hour) => (hour.flights > most.flights ? hour : most))
  return `Arrival delay and number of flights by hour of departure. The busiest hour begins at ${clock(busiest.hour)}.`
}

function delaysOf(hours: Drawn[]): number[] {
  return [0, 10, ...hours.flatMap(({ delay }) => [delay.p10, delay.p90])]
}

function linear(from: number, to: number, low: number, high: number): Scale {
  return (value) => round(low + ((value - from) / (to - from)) * (high - low))
}

/** An axis that holds all values, and ends on its first and last tick. */
function axis(values: number[], low: number, high: number): Axis {
  const smallest = Math.min(...values)
  const step = niceStep((Math.max(...values) - smallest) / 4)
  const first = Math.floor(smallest / step)
  const last = Math.max(first + 1, Math.ceil(Math.max(...values) / step))
  const ticks = Array.from({ length: last - first + 1 }, (_, index) => (first + index) * step)
  return { scale: linear(first * step, last * step, low, high), ticks }
}

function niceStep(wanted: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(wanted, 1)))
  return power * ([1, 2, 5].find((factor) => factor * power >= wanted) ?? 10)
}

function panelTitle(text: string, top: number): Html {
  return html`<text class="panel" x="0" y="${top - 16}">${text}</text>`
}

function grid({ scale, ticks }: Axis, width: number): Html[] {
  return ticks.map(
    (tick) => html`
      <line class="${tick === 0 ? 'zero' : 'grid'}" x1="${LEFT}" x2="${width - RIGHT}" y1="${scale(tick)}" y2="${scale(tick)}" />
      <text class="tick" x="${LEFT - 8}" y="${scale(tick) + 4}" text-anchor="end">${number(tick)}</text>`,
  )
}

/** Hours that follow each other without a gap. */
function segmentsOf(hours: Drawn[]): Drawn[][] {
  const segments: Drawn[][] = []
  for (const hour of hours) {
    const last = segments.at(-1)
    const before = last?.at(-1)
    if (before !== undefined && begins(before) === begins(hour) - 1) last?.push(hour)
    else segments.push([hour])
  }
  return segments
}

function delayCurve(hours: Drawn[], x: Scale, y: Scale): Html {
  const line = (share: keyof Percentiles) => stretch(hours).map(([at, { delay }]) => `${x(at)},${y(delay[share])}`)
  return html`
    <polygon class="range" points="${[...line('p90'), ...line('p10').reverse()].join(' ')}" />
    <polyline class="median" points="${line('p50').join(' ')}" />`
}

/** Each hour at its middle, the first and last also at their outer ends, so that one hour alone can be seen. */
function stretch(hours: Drawn[]): [at: number, hour: Drawn][] {
  const [first, last] = [hours[0], hours.at(-1)]
  if (first === undefined || last === undefined) return []
  return [
    [begins(first), first],
    ...hours.map((hour): [number, Drawn] => [begins(hour) + 0.5, hour]),
    [begins(last) + 1, last],
  ]
}

function flightBar(hour: Hour, x: Scale, y: Scale): Html[] {
  let below = 0
  return DISTANCES.filter((distance) => hour.distances[distance].flights > 0).map((distance) => {
    const from = below
    below += hour.distances[distance].flights
    const height = round(y(from) - y(below))
    return html`<rect class="${distance}" x="${x(begins(hour) + 0.1)}" y="${y(below)}" width="${round(x(0.8) - x(0))}" height="${height}" />`
  })
}

function hourAxis(x: Scale, bottom: number, step: number): Html {
  const labels = Array.from({ length: 24 / step + 1 }, (_, index) => index * step)
  return html`
    ${labels.map((at) => html`<text class="tick" x="${x(at)}" y="${bottom + 18}" text-anchor="middle">${(at + FIRST_HOUR) % 24}</text>`)}
    <text class="tick" x="${x(12)}" y="${bottom + 38}" text-anchor="middle">Hour of departure</text>`
}

function hoverArea(hour: Hour, x: Scale, bottom: number): Html {
  const left = x(begins(hour))
  return html`<rect class="hover" x="${left}" y="${HEADROOM}" width="${round(x(begins(hour) + 1) - left)}" height="${bottom - HEADROOM}"><title>${describe(hour)}</title></rect>`
}

function describe({ hour, flights, delay }: Hour): string {
  const when = `${clock(hour)} to ${clock(hour + 1)}: ${number(flights)} flights`
  if (delay === null) return when
  return `${when}, median delay ${number(delay.p50)} min, 8 in 10 from ${number(delay.p10)} to ${number(delay.p90)} min`
}

export function clock(hour: number): string {
  return `${String(hour).padStart(2, '0')}:00`
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
