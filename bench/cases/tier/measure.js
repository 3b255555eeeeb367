import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { percentile } from '../support/percentile.js'
import { candidates } from './candidates.js'
import { Wire, withRedis } from './redis.js'
import { Source } from './source.js'

const WRITER = fileURLToPath(new URL('writer.js', import.meta.url))
const WARM_UP = 500
const DURATION = 1000
const AT_ONCE = 16

/**
 * @typedef {object} Size
 * @property {number} bytes of an output, as JSON
 * @property {number} max entries in the LRU
 * @property {number} keys in the tier: so many more that none is in the LRU any more when its turn comes again
 */

/** @typedef {'LRU hit' | 'tier hit' | 'miss'} Kind */

/** What is called with, by the number of the call. */
const KEYS = {
  'LRU hit': (turn, { max }) => `key${turn % Math.ceil(max / 2)}`,
  'tier hit': (turn, { keys }) => `key${turn % keys}`,
  miss: (turn) => `new${turn}`,
}

/**
 * @param {{ kind: Kind, size: Size }} setting
 * @param {string} name
 */
export function measure({ kind, size }, name) {
  return withRedis(async ({ port }) => {
    const { bytes, max, keys } = size
    if (kind === 'tier hit') await fillByAnother([name, port, bytes, keys])
    const source = new Source(bytes)
    const cache = await candidates[name].open({ port, max, load: source.load })
    const calls = new Calls(cache, (turn) => KEYS[kind](turn, size))
    const firstKeys = kind === 'LRU hit' ? max : 1
    for (let turn = 0; turn < firstKeys; turn++) await calls.checked(source)
    await calls.alone(WARM_UP)
    const wire = await Wire.open(port)
    const metrics = await metricsOf(calls, source, wire)
    wire.close()
    return metrics
  })
}

/** @param {(string | number)[]} args */
async function fillByAnother(args) {
  const [code] = await once(fork(WRITER, args.map(String)), 'exit')
  if (code !== 0) throw new Error(`What fills the tier ended with ${code}.`)
}

/**
 * One call after the other shows how long one takes, and what goes over the wire; several at once, how many there are
 * in a second.
 *
 * @param {Calls} calls
 * @param {Source} source
 * @param {Wire} wire
 */
async function metricsOf(calls, source, wire) {
  source.loads = 0
  /** @type {number[]} */
  let times = []
  const { sent, received } = await wire.during(async () => {
    times = await calls.alone(DURATION)
  })
  const loads = source.loads / times.length
  source.loads = 0
  const { perSecond, count } = await calls.atOnce(AT_ONCE, DURATION)
  return {
    ops: perSecond,
    p50: percentile(times, 0.5) * 1000,
    p99: percentile(times, 0.99) * 1000,
    sent: sent / times.length,
    received: received / times.length,
    loads,
    loadsAtOnce: source.loads / count,
  }
}

class Calls {
  #cache
  #keyOf
  #turn = 0

  /**
   * @param {import('./candidates.js').Opened} cache
   * @param {(turn: number) => string} keyOf
   */
  constructor(cache, keyOf) {
    this.#cache = cache
    this.#keyOf = keyOf
  }

  /** @param {Source} source */
  async checked(source) {
    const key = this.#nextKey()
    assert.deepEqual(await this.#cache.call(key), source.output(key))
  }

  /**
   * @param {number} duration
   * @returns {Promise<number[]>} how long each took
   */
  async alone(duration) {
    const times = []
    const end = performance.now() + duration
    for (let began = performance.now(); began < end; ) {
      await this.#cache.call(this.#nextKey())
      const ended = performance.now()
      times.push(ended - began)
      began = ended
    }
    await this.#cache.settled?.()
    return times
  }

  /**
   * @param {number} callers
   * @param {number} duration
   * @returns how many there were, and per second until the last of them has been written
   */
  async atOnce(callers, duration) {
    const began = performance.now()
    const first = this.#turn
    const repeat = async () => {
      while (performance.now() < began + duration) await this.#cache.call(this.#nextKey())
    }
    await Promise.all(Array.from({ length: callers }, repeat))
    const ended = (await this.#cache.settled?.()) ?? performance.now()
    const count = this.#turn - first
    return { count, perSecond: count / ((ended - began) / 1000) }
  }

  #nextKey() {
    return this.#keyOf(this.#turn++)
  }
}
