import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

/** Stands between clients and a server; a test says what becomes of the replies, on connections old and new. */
export interface TcpProxy {
  readonly port: number
  /** Bytes of replies that clients were sent. */
  readonly replied: number
  /** Connections that were cut in the middle of a reply. */
  readonly cuts: number
  /** Bytes that were swallowed, of either direction. */
  readonly swallowed: number
  /** From now on all goes through, in its order; first what was held back. */
  pass(): void
  /** Replies come so many milliseconds later. */
  delay(milliseconds: number): void
  /** Replies are held back, until `pass`. */
  hold(): void
  /** Whatever either side says is lost. So are the connections that have lost something, at the next `pass`. */
  swallow(): void
  /** Each connection is cut when it has replied so many bytes: of a longer reply the client gets the first part. */
  truncate(bytes: number): void
  /** Ends all open connections by a reset, and tells how many they were. */
  reset(): number
  stop(): Promise<void>
}

export async function startProxy(target: number): Promise<TcpProxy> {
  const rules: Rules = { fate: 'pass', delay: 0, cutAfter: Number.POSITIVE_INFINITY }
  const counts: Counts = { replied: 0, cuts: 0, swallowed: 0 }
  const open = new Set<Connection>()
  const server = createServer((client) => {
    const connection = new Connection(client, target, rules, counts)
    open.add(connection)
    client.once('close', () => open.delete(connection))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const follow = (changed: Partial<Rules>): void => {
    Object.assign(rules, { fate: 'pass', delay: 0, cutAfter: Number.POSITIVE_INFINITY }, changed)
    for (const connection of open) connection.follow()
  }
  const reset = (): number => {
    const count = open.size
    for (const connection of open) connection.reset()
    return count
  }
  return {
    port: (server.address() as { port: number }).port,
    get replied() {
      return counts.replied
    },
    get cuts() {
      return counts.cuts
    },
    get swallowed() {
      return counts.swallowed
    },
    pass: () => follow({}),
    delay: (milliseconds) => follow({ delay: milliseconds }),
    hold: () => follow({ fate: 'hold' }),
    swallow: () => follow({ fate: 'swallow' }),
    truncate: (bytes) => follow({ cutAfter: bytes }),
    reset,
    async stop() {
      reset()
      server.close()
      await once(server, 'close')
    },
  }
}

interface Rules {
  fate: 'pass' | 'hold' | 'swallow'
  delay: number
  cutAfter: number
}

interface Counts {
  replied: number
  cuts: number
  swallowed: number
}

class Connection {
  readonly #client: Socket
  readonly #server: Socket
  readonly #rules: Rules
  readonly #counts: Counts
  /** Replies that wait, in their order: a later one never overtakes, however the rules change. */
  readonly #waiting: { readonly chunk: Buffer; readonly since: number }[] = []
  #timer: NodeJS.Timeout | undefined
  #left: number
  #hasLost = false

  constructor(client: Socket, target: number, rules: Rules, counts: Counts) {
    this.#client = client.setNoDelay()
    this.#server = connect(target, '127.0.0.1').setNoDelay()
    this.#rules = rules
    this.#counts = counts
    this.#left = rules.cutAfter
    client.on('data', (chunk) => this.#request(chunk))
    this.#server.on('data', (chunk) => this.#reply(chunk))
    for (const end of [client, this.#server]) end.on('error', () => this.#end()).on('close', () => this.#end())
  }

  /** The rules have changed. */
  follow(): void {
    this.#left = this.#rules.cutAfter
    if (this.#hasLost && this.#rules.fate !== 'swallow') this.reset()
    else this.#deliver()
  }

  reset(): void {
    this.#client.resetAndDestroy()
    this.#end()
  }

  #end(): void {
    clearTimeout(this.#timer)
    this.#client.destroy()
    this.#server.destroy()
  }

  #request(chunk: Buffer): void {
    if (this.#rules.fate === 'swallow') this.#lose(chunk)
    else this.#server.write(chunk)
  }

  #reply(chunk: Buffer): void {
    if (this.#rules.fate === 'swallow') this.#lose(chunk)
    else this.#waiting.push({ chunk, since: performance.now() })
    this.#deliver()
  }

  #lose(chunk: Buffer): void {
    this.#hasLost = true
    this.#counts.swallowed += chunk.length
  }

  #deliver(): void {
    clearTimeout(this.#timer)
    while (this.#rules.fate === 'pass') {
      const [next] = this.#waiting
      if (next === undefined) return
      const wait = next.since + this.#rules.delay - performance.now()
      if (wait > 0) {
        this.#timer = setTimeout(() => this.#deliver(), wait)
        return
      }
      this.#waiting.shift()
      this.#send(next.chunk)
    }
  }

  #send(chunk: Buffer): void {
    const part = chunk.subarray(0, this.#left)
    this.#left -= part.length
    this.#counts.replied += part.length
    if (part.length === chunk.length) return void this.#client.write(part)
    this.#counts.cuts++
    this.#client.end(part, () => this.#end())
  }
}
