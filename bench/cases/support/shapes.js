import { PICKS, zipfPicks } from './keys.js'
import { requireLoads } from './loads.js'

const KEYS = 100
const MASK = PICKS - 1

/** What every step adds to, so that no call can be left out. */
const consumed = { sum: 0 }

/** @typedef {(...args: any[]) => { n: number }} Call */

/**
 * @typedef {object} Shape what a function is called with
 * @property {Call} load with as many parameters as there are arguments: some peers go by that
 * @property {unknown[][]} calls the arguments of each key; its place in the list is the `n` of its output
 * @property {(call: Call, calls: unknown[][], picks: number[]) => () => void} steps gives the calls one after the other
 * @property {(...args: any[]) => unknown} key what a cache is asked with that knows one key only
 * @property {(key: any) => any[]} args and what that stands for
 */

/** @type {Record<string, Shape>} */
export const SHAPES = {
  'no argument': shape({ load: () => ({ n: 0 }), calls: [[]], steps: withoutArguments, key: () => '', args: () => [] }),
  'one string': shape({ load: (key) => ({ n: numberIn(key) }), calls: everyKey((n) => [`key${n}`]) }),
  'one number': shape({ load: (n) => ({ n }), calls: everyKey((n) => [n]) }),
  'two strings': shape({
    load: (key, _lang) => ({ n: numberIn(key) }),
    calls: everyKey((n) => [`key${n}`, `lang${n % 7}`]),
    steps: withTwoArguments,
    key: (key, lang) => `${key}:${lang}`,
    args: (text) => text.split(':'),
  }),
  'two numbers': shape({
    load: (n, _m) => ({ n }),
    calls: everyKey((n) => [n, n % 7]),
    steps: withTwoArguments,
    key: (n, m) => `${n}:${m}`,
    args: (text) => text.split(':').map(Number),
  }),
  'one object': shape({ load: ({ id }) => ({ n: id }), calls: everyKey((n) => [{ id: n, lang: `lang${n % 7}` }]) }),
  'one fresh string': shape({
    load: (key) => ({ n: numberIn(key) }),
    calls: everyKey((n) => [`key${n}`]),
    steps: withFreshString,
  }),
}

/** @returns {Shape} of one argument, which is its own key, unless it says otherwise */
function shape(properties) {
  return { steps: withOneArgument, key: (argument) => argument, args: (argument) => [argument], ...properties }
}

/** @param {(n: number) => unknown[]} argsOf */
function everyKey(argsOf) {
  return Array.from({ length: KEYS }, (_, n) => argsOf(n))
}

function numberIn(key) {
  return Number(key.slice('key'.length))
}

/**
 * One call after the other, by Zipf's law. What picks the arguments is the same for every candidate.
 *
 * @param {Shape} shape
 * @param {Call} call
 */
export function stepsOf({ steps, calls }, call) {
  return steps(call, calls, zipfPicks(calls.length))
}

function consume({ n }) {
  consumed.sum = (consumed.sum + n) | 0
}

function withoutArguments(call) {
  return () => consume(call())
}

function withOneArgument(call, calls, picks) {
  const argument = picks.map((pick) => calls[pick][0])
  let index = 0
  return () => {
    index = (index + 1) & MASK
    consume(call(argument[index]))
  }
}

function withTwoArguments(call, calls, picks) {
  const first = picks.map((pick) => calls[pick][0])
  const second = picks.map((pick) => calls[pick][1])
  let index = 0
  return () => {
    index = (index + 1) & MASK
    consume(call(first[index], second[index]))
  }
}

/** As it comes out of a URL or a row: no string that a cache has seen before, though an equal one. */
function withFreshString(call, _calls, picks) {
  let index = 0
  return () => {
    index = (index + 1) & MASK
    consume(call(`key${picks[index]}`))
  }
}

/**
 * The shape's loader with a count. Its parameters are written out, since some peers go by their number.
 *
 * @param {Shape} shape
 */
export function countedLoader({ load, calls }) {
  const counted = { loads: 0, load }
  const count = (output) => {
    counted.loads++
    return output
  }
  counted.load = [() => count(load()), (a) => count(load(a)), (a, b) => count(load(a, b))][calls[0].length]
  return counted
}

/**
 * Fills the cache, and makes sure that it gives each key its own output, and from then on without loading.
 *
 * @param {Shape} shape
 * @param {Call} call
 * @param {{ loads: number }} counted
 */
export function fill({ calls }, call, counted) {
  const outputs = calls.map((args) => call(...args))
  if (!outputs.every(({ n }, index) => n === index)) throw new Error('It gives outputs of other keys.')
  if (!calls.every((args, index) => call(...args) === outputs[index])) throw new Error('It gives other outputs now.')
  requireLoads(counted, calls.length)
}
