import { randomStream, Schedule } from './schedule.js'
import { World } from './world.js'

/** Requests and writes of one run, and the imaginary time over which they arrive (a load takes two to five). */
export const REQUESTS = 5
export const WRITES = 3
const SPAN = 20

/**
 * @typedef {object} Cache one candidate, made anew for each run
 * @property {(key: string) => unknown} read
 * @property {(key: string) => unknown} invalidate its own call, as its documentation says; settles when it is done
 * @property {(work: () => Promise<void>) => Promise<void>} [request] runs the work as one request, if it knows requests
 */

/**
 * @typedef {object} Candidate
 * @property {string} name
 * @property {string} [package] its npm name
 * @property {string} how the configuration and the calls that were used
 * @property {(world: { load: World['load'], check: World['check'] }) => Cache} make
 */

/**
 * @typedef {object} Read
 * @property {string} key
 * @property {number} floor the newest version whose write was acknowledged when the read began
 * @property {import('./world.js').Output} [output]
 * @property {unknown} [error]
 */

/**
 * @typedef {object} History what happened in one run, for the checker
 * @property {World} world
 * @property {Read[][]} requests the reads of each request, in order; a read without output or error has hung
 * @property {number} loads that these requests cost
 * @property {number} checks that these requests cost
 * @property {Read[]} atRest one read of each key after everything has ended
 * @property {boolean} settled
 * @property {number} late
 */

/**
 * Who comes when and asks for what: the same for every candidate.
 *
 * @param {string} seed
 */
function script(seed) {
  const random = randomStream(seed, 'script')
  const keys = random() < 0.25 ? ['a'] : ['a', 'b']
  const anyKey = () => keys[Math.floor(random() * keys.length)]
  const arrival = () => random() * SPAN
  const readsOf = (first) => [first, ...keys.filter((key) => key !== first && random() < 0.75), first]
  const writesTo = () => (random() < 0.5 ? keys : [anyKey()]) // often a transaction over all there is
  return {
    keys,
    requests: Array.from({ length: REQUESTS }, () => ({ at: arrival(), reads: readsOf(anyKey()) })),
    writes: Array.from({ length: WRITES }, () => ({ at: arrival(), keys: writesTo() })),
  }
}

/**
 * One run: requests read while writers write.
 *
 * @param {Candidate} candidate
 * @param {{ seed: string, turns: number, log?: (time: number, text: string) => void }} options
 * @returns {Promise<History>}
 */
export async function play(candidate, { seed, turns, log }) {
  const { keys, requests, writes } = script(seed)
  const schedule = new Schedule(turns)
  const tell = log === undefined ? () => {} : (text) => log(schedule.now, text)
  const world = new World(keys, schedule, seed, tell)
  const cache = candidate.make({ load: world.load, check: world.check })
  const inRequest = cache.request ?? ((work) => work())

  /** @returns {Promise<Read>} */
  async function read(reads, key, who) {
    /** @type {Read} */
    const seen = { key, floor: world.acknowledged(key) }
    reads.push(seen)
    tell(`${who} reads ${key} (acknowledged: ${seen.floor})`)
    try {
      seen.output = requireOutput(await cache.read(key))
      tell(`${who} gets ${show(seen.output)}`)
    } catch (error) {
      seen.error = error
      tell(`${who} gets an error: ${error}`)
    }
  }

  async function serve({ at, reads: wanted }, number) {
    const reads = []
    histories[number] = reads
    const random = randomStream(seed, 'request', number)
    await schedule.pauseFor(at)
    await inRequest(async () => {
      for (const key of wanted) {
        await read(reads, key, `request ${number + 1}`)
        await schedule.pause(random, 2)
      }
    })
  }

  async function write({ at, keys: written }, number) {
    const random = randomStream(seed, 'write', number)
    await schedule.pauseFor(at)
    const commits = written.map((key) => ({ key, version: world.commit(key) }))
    tell(`writer ${number + 1} commits ${commits.map(show).join(' and ')}`)
    await schedule.pause(random)
    for (const key of written) await cache.invalidate(key)
    for (const { key, version } of commits) world.acknowledge(key, version)
    tell(`writer ${number + 1} has invalidated; acknowledged: ${commits.map(show).join(' and ')}`)
  }

  /** @type {Read[][]} */
  const histories = []
  /** @type {Read[]} */
  const atRest = []
  const settled = await schedule.settle([...requests.map(serve), ...writes.map(write)])
  const { loads, checks } = world
  tell('everything has ended')
  const rested = settled && (await schedule.settle(keys.map((key) => read(atRest, key, 'somebody'))))
  return { world, requests: histories, loads, checks, atRest, settled: rested, late: schedule.late }
}

/** @param {any} output */
function requireOutput(output) {
  if (typeof output?.version !== 'number') throw new TypeError(`The cache gave ${output} instead of an output.`)
  return output
}

/** @param {import('./world.js').Output} output */
function show({ key, version }) {
  return `${key} version ${version}`
}
