import { vi } from 'vitest'
import { freePort } from './free-port.ts'
import { type RunningRedis, startRedis } from './redis-server.ts'

/** Three masters, which share the slots, and a replica for each of as many of them as were asked for. */
export interface RunningCluster {
  readonly masters: readonly RunningRedis[]
  /** Each of the master that has the same place in the list. */
  readonly replicas: readonly RunningRedis[]
  stop(): Promise<void>
}

interface Node extends RunningRedis {
  readonly busPort: number
}

const SLOTS = 16_384

/** For how many milliseconds a node may be silent before the others hold it for dead. */
const NODE_TIMEOUT = 1000

/** It takes the two seconds that a node of a cluster waits before it answers. */
export async function startRedisCluster(path: string, { replicas = 0 } = {}): Promise<RunningCluster> {
  const nodes = await Promise.all(Array.from({ length: 3 + replicas }, () => startNode(path)))
  const [masters, others] = [nodes.slice(0, 3), nodes.slice(3)]
  const stop = async () => void (await Promise.all(nodes.map((node) => node.stop())))
  try {
    await form(masters, others)
  } catch (error) {
    await stop()
    throw error
  }
  return { masters, replicas: others, stop }
}

async function startNode(path: string): Promise<Node> {
  const busPort = await freePort()
  const node = await startRedis(
    path,
    ...['--cluster-enabled', 'yes', '--cluster-announce-ip', '127.0.0.1', '--cluster-port', String(busPort)],
    ...['--cluster-node-timeout', String(NODE_TIMEOUT), '--cluster-replica-validity-factor', '0'],
    ...['--repl-diskless-sync-delay', '0'],
  )
  return Object.assign(node, { busPort })
}

async function form(masters: readonly Node[], replicas: readonly Node[]): Promise<void> {
  const [first] = masters as [Node]
  await Promise.all(
    masters.map(async (master, at) => {
      const [from, to] = [at, at + 1].map((part) => Math.round((part * SLOTS) / masters.length)) as [number, number]
      await master.command('CLUSTER', 'ADDSLOTSRANGE', String(from), String(to - 1))
      await master.command('CLUSTER', 'SET-CONFIG-EPOCH', String(at + 1))
    }),
  )
  const others = [...masters, ...replicas].filter((node) => node !== first)
  for (const { port, busPort } of others) {
    await first.command('CLUSTER', 'MEET', '127.0.0.1', String(port), String(busPort))
  }
  await Promise.all(replicas.map((replica, at) => follow(replica, masters[at] as Node)))
  await Promise.all([...masters, ...replicas].map((node) => eventually(() => requireOk(node))))
  await Promise.all(replicas.map((replica) => eventually(() => requireInSync(replica))))
}

/** As soon as it has heard of it. */
async function follow(replica: RunningRedis, master: RunningRedis): Promise<void> {
  const id = String(await master.command('CLUSTER', 'MYID'))
  await eventually(() => replica.command('CLUSTER', 'REPLICATE', id))
}

async function requireOk(node: RunningRedis): Promise<void> {
  const info = String(await node.command('CLUSTER', 'INFO'))
  if (!info.includes('cluster_state:ok') || !info.includes('cluster_size:3')) throw new Error(info)
}

async function requireInSync(replica: RunningRedis): Promise<void> {
  const info = String(await replica.command('INFO', 'replication'))
  if (!info.includes('master_link_status:up')) throw new Error(info)
}

function eventually<T>(attempt: () => Promise<T>): Promise<T> {
  return vi.waitFor(attempt, { timeout: 20_000, interval: 50 })
}
