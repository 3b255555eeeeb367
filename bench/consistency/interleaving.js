import { randomStream, Schedule } from './schedule.js'
import { TWO_KEYS } from './shapes.js'
import { World } from './world.js'

/** Requests and writes of one run, and the imaginary time over which they arrive (a load takes two to five). */
export const REQUESTS = 5
export const WRITES = 3
const SPAN = 20

/**
 * @typedef {object} Cache one candidate, made anew for each run
 * @property {(key: string) => unknown} read
 * @property {(key: string) => unknown} invalidate its own call, as its documentation says; settles when it is done
 * @property {(work: () => Promise<void>) => Promise<void>} [request] runs the work as one request, if it knows requests;
 *   it may run it again
 */

/**
 * @typedef {object} Candidate
 * @property {string} name
 * @property {string} [package] its npm name
 * @property {string} how the configuration and the calls that were used
 * @property {(world: World) => Cache} make
 * @property {boolean} [asksAtOnce] whether a request asks for all versions when it begins, as one in a snapshot does
 * @property {boolean} [restarts] whether it may run a request again, or give it up with `ERR_READ_CONFLICT`
 * @property {import('./shapes.js').Shape} [shape] two keys, unless it says otherwise
 * @property {typeof World} [world] where the rows are, if not in memory
 */

/**
 * @typedef {object} Read
 * @property {string} key
 * @property {number} floor the newest version whose write was acknowledged when the read began
 * @property {number} [asked] the same for when its version was asked for, if that was before
 * @property {import('./world.js').Output} [output]
 * @property {unknown} [error]
 */

/**
 * @typedef {object} History what happened in one run, for the checker
 * @property {World} world
 * @property {Read[][]} requests the reads of each request, in order; a read without output or error has hung
 * @property {number} loads that these requests cost
 * @property {number} checks that these requests cost
 * @property {number} [restarts] how often requests were run again
 * @property {number} [givenUp] how many requests had no answer in the end; what they had read is not in the history
 * @property {Read[]} atRest one read of each key after everything has ended
 * @property {boolean} settled
 * @property {number} late
 */

/**
 * Who comes when and asks for what: the same for every candidate.
 *
 * @param {string} seed
 * @param {import('./shapes.js').Shape} shape
 */
function script(seed, shape) {
  const random = randomStream(seed, 'script')
  const { keys, names } = shape.draw(random)
  const anyOf = (list) => list[Math.floor(random() * list.length)]
  const arrival = () => random() * SPAN
  const readsOf = (first) => [first, ...names.filter((name) => name !== first && random() < 0.75), first]
  const writesTo = () => (random() < 0.5 ? keys : [anyOf(keys)]) // often a transaction over all there is
  return {
    keys,
    names,
    requests: Array.from({ length: REQUESTS }, () => ({ at: arrival(), reads: readsOf(anyOf(names)) })),
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
  const { shape = TWO_KEYS, world: WorldOf = World } = candidate
  const { keys, names, requests, writes } = script(seed, shape)
  const schedule = new Schedule(turns)
  const tell = log === undefined ? () => {} : (text) => log(schedule.now, text)
  const world = new WorldOf(keys, schedule, seed, tell)
  const cache = candidate.make(world)
  const inRequest = cache.request ?? ((work) => work())
  let [attempts, givenUp] = [0, 0]

  /** Of what is made of several rows, each is a read. */
  async function read(reads, name, who, asked = new Map()) {
    /** @type {Read[]} */
    const seen = shape.rowsOf(name).map((key) => ({ key, floor: world.acknowledged(key), asked: asked.get(key) }))
    reads.push(...seen)
    tell(`${who} reads ${name} (acknowledged: ${seen.map(({ floor }) => floor)})`)
    try {
      const outputs = outputsOf(await cache.read(name), seen.length)
      for (const [index, output] of outputs.entries()) seen[index].output = output
      tell(`${who} gets ${outputs.map(show).join(' and ')}`)
    } catch (error) {
      for (const one of seen) one.error = error
      tell(`${who} gets an error: ${error}`)
    }
  }

  async function serve({ at, reads: wanted }, number) {
    const reads = []
    histories[number] = reads
    const random = randomStream(seed, 'request', number)
    await schedule.pauseFor(at)
    const asked = new Map(candidate.asksAtOnce ? keys.map((key) => [key, world.acknowledged(key)]) : [])
    try {
      await inRequest(async () => {
        attempts++
        if (reads.length > 0) tell(`request ${number + 1} begins anew`)
        reads.length = 0
        for (const name of wanted) {
          await read(reads, name, `request ${number + 1}`, asked)
          await schedule.pause(random, 2)
        }
      })
    } catch (error) {
      if (error.code !== 'ERR_READ_CONFLICT') throw error
      givenUp++
      reads.length = 0
      tell(`request ${number + 1} is given up: ${error.message}`)
    }
  }

  async function write({ at, keys: written }, number) {
    const random = randomStream(seed, 'write', number)
    await schedule.pauseFor(at)
    const commits = await world.write(written)
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
  await world.begin()
  const settled = await schedule.settle([...requests.map(serve), ...writes.map(write)])
  const { loads, checks } = world
  tell('everything has ended')
  const rested = settled && (await schedule.settle(names.map((name) => read(atRest, name, 'somebody'))))
  const restarts = attempts - requests.length
  const { late } = schedule
  return { world, requests: histories, loads, checks, restarts, givenUp, atRest, settled: rested, late }
}

/**
 * @param {any} outcome
 * @param {number} count
 * @returns {import('./world.js').Output[]}
 */
function outputsOf(outcome, count) {
  const outputs = [outcome].flat()
  const isRight = outputs.length === count && outputs.every((output) => typeof output?.version === 'number')
  if (!isRight) throw new TypeError(`The cache gave ${outcome} instead of an output.`)
  return outputs
}

/** @param {import('./world.js').Output} output */
function show({ key, version }) {
  return `${key} version ${version}`
}
