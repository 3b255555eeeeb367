import { Redis } from 'ioredis'
import { tsImport } from 'tsx/esm/api'

/** What the project's own tests use. */
const { startRedis } = await tsImport('../../../test/support/redis-server.ts', import.meta.url)

/** @typedef {{ sent: number, received: number }} Bytes to the server and from it */

/**
 * Runs the work with a Redis of its own.
 *
 * @template T
 * @param {(server: { port: number, kill(): Promise<void>, hang(): void, resume(): void }) => Promise<T>} work
 */
export async function withRedis(work) {
  const server = await startRedis('redis-server')
  try {
    return await work(server)
  } finally {
    server.resume()
    await server.stop()
  }
}

/** Counts, at the server, what goes over its connections; without what the counting itself takes. */
export class Wire {
  #client
  #asking = { sent: 0, received: 0 }

  /** @param {number} port */
  static async open(port) {
    const wire = new Wire(new Redis({ port, lazyConnect: true }))
    await wire.#client.connect()
    await wire.#look()
    const first = await wire.#look()
    wire.#asking = difference(first, await wire.#look())
    return wire
  }

  /** @param {Redis} client */
  constructor(client) {
    this.#client = client
  }

  /**
   * What goes over the wire while the work is done.
   *
   * @param {() => Promise<unknown>} work
   * @returns {Promise<Bytes>}
   */
  async during(work) {
    const before = await this.#look()
    await work()
    return difference(this.#asking, difference(before, await this.#look()))
  }

  close() {
    this.#client.disconnect()
  }

  async #look() {
    const text = await this.#client.info('stats')
    const count = (name) => Number(text.match(new RegExp(`${name}:(\\d+)`))[1])
    return { sent: count('total_net_input_bytes'), received: count('total_net_output_bytes') }
  }
}

/**
 * @param {Bytes} before
 * @param {Bytes} after
 */
function difference(before, after) {
  return { sent: after.sent - before.sent, received: after.received - before.received }
}
