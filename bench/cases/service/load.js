import autocannon from 'autocannon'
import { randomStream } from '../../consistency/schedule.js'

/** Longer than anything is measured: the load ends when it is told to. */
const FOREVER = 3600

/** In a round of 20 keys, each would come again when it has just expired: several rounds are shuffled together. */
const ROUNDS = 5

/**
 * @typedef {object} Load
 * @property {string} url of the service
 * @property {readonly string[]} regions asked for by each connection in an order of its own, over and over
 * @property {number} connections each of which sends its next request when it has got the last one's answer
 * @property {(region: string) => number} acknowledged
 * @property {import('./tally.js').Tally} tally
 */

/**
 * @param {Load} load
 * @returns {() => Promise<unknown>} what stops it
 */
export function startLoad({ url, regions, connections, acknowledged, tally }) {
  let number = 0
  const setupClient = (client) => follow(client, { order: shuffled(regions, number++), acknowledged, tally })
  const cannon = autocannon({ url, connections, duration: FOREVER, sampleInt: 100, setupClient })
  cannon.on('reqError', () => tally.fail())
  return () => {
    cannon.stop()
    return cannon
  }
}

/**
 * A client of autocannon says `request` in the same step in which it writes the request to its socket, and
 * `response` before it goes on to the next: what is acknowledged at that `request` was acknowledged before sending.
 */
function follow(client, { order, acknowledged, tally }) {
  let turn = 0
  let body = ''
  /** @type {import('./tally.js').Asked} */
  let asked
  const onResponse = (_status, text) => {
    body = text
  }
  client.setRequests(order.map((region) => ({ path: `/reports/${region}`, onResponse })))
  client.on('request', () => {
    const region = order[turn++ % order.length]
    asked = { region, floor: acknowledged(region) }
  })
  client.on('response', (status, _bytes, latency) => tally.count(asked, { status, body, latency }))
}

/**
 * The regions at random, each equally often, and always the same for a connection of the same number.
 *
 * @param {readonly string[]} regions
 * @param {number} number
 */
function shuffled(regions, number) {
  const random = randomStream('service', number)
  const rounds = Array.from({ length: ROUNDS }, () => regions).flat()
  const drawn = rounds.map((region) => ({ region, place: random() }))
  return drawn.sort((a, b) => a.place - b.place).map(({ region }) => region)
}
