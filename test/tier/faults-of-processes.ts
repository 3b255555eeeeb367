import { setTimeout as pause } from 'node:timers/promises'
import type { Fleet } from './faults-fleet.ts'
import { now, until } from './faults-history.ts'
import type { Member } from './faults-member.ts'
import type { Fault } from './faults-run.ts'
import { SETTINGS, type World } from './faults-world.ts'

/** All processes ask for a report that nobody has, and one of them begins to load it. */
async function withHolder({ fleet, newId }: World) {
  const id = newId()
  const loads = fleet.nextSlowLoad(id)
  const ask = (member: Member) => member.order<number>({ do: 'ask', of: 'slow', key: id, callers: 3 })
  const asked = new Map(fleet.members.map((member) => [member, ask(member)]))
  const holder = await loads
  const others = fleet.members.filter((member) => member !== holder)
  return {
    id,
    holder,
    others,
    /** How long the longest of the others has waited. */
    othersHaveIt: async () =>
      Math.max(...(await Promise.all(others.map((member) => asked.get(member) as Promise<number>)))),
    holderHasIt: () => asked.get(holder) as Promise<number>,
    askAgain: () => Promise.all(fleet.members.map(ask)),
    loadsBeside: () => fleet.slowLoads.filter((load) => load.id === id && load.member !== holder).length,
  }
}

const killed: Fault = {
  name: 'lease holder killed (SIGKILL)',
  times: [2, 10],
  async inject(world) {
    await world.fleet.collect() // the holder takes along what it has not handed over
    const { holder, othersHaveIt, loadsBeside } = await withHolder(world)
    await world.fleet.kill(holder)
    const [longest] = await Promise.all([othersHaveIt(), world.fleet.replace(holder)])
    return { bites: loadsBeside(), over: now(), longest }
  },
}

/** It sleeps beyond its lease, and meanwhile what it loads is loaded by another, and written anew. */
const stopped: Fault = {
  name: 'lease holder stopped (SIGSTOP) beyond its lease, and woken up',
  times: [2, 10],
  async inject(world) {
    const { id, holder, others, othersHaveIt, holderHasIt, askAgain, loadsBeside } = await withHolder(world)
    holder.stop()
    const stoppedAt = now()
    const longest = await othersHaveIt()
    await (others[0] as Member).order({ do: 'write', row: 300 + id })
    const asked = askAgain()
    await pause(Math.max(0, stoppedAt + 2 * SETTINGS.lease - now()))
    holder.wakeUp()
    const over = now()
    await Promise.all([holderHasIt(), asked])
    await askAgain()
    return { bites: loadsBeside(), over, longest }
  },
}

/** Puts the wall clocks of the processes forward by so many milliseconds each. */
async function shift({ members }: Fleet, by: readonly number[]): Promise<void> {
  await Promise.all(members.map((member, index) => member.order({ do: 'shift', clock: by[index] as number })))
}

/** How far the wall clocks of the processes are apart, in milliseconds. */
async function apart(fleet: Fleet): Promise<number> {
  const clocks = (await fleet.counted()).map(([, { wallClock }]) => wallClock)
  return Math.max(...clocks) - Math.min(...clocks)
}

function skewed(name: string, times: Fault['times'], by: readonly number[], rest: Partial<Fault> = {}): Fault {
  return {
    name,
    times,
    async inject({ fleet }) {
      const added = await fleet.counting()
      await shift(fleet, by)
      const skew = await apart(fleet)
      await pause(1.5 * SETTINGS.ttl)
      await until('the tier was used', async () => (await added('hits')) > 0)
      await shift(
        fleet,
        by.map(() => 0),
      )
      return { bites: skew > 50 ? await added('hits') : 0, over: now() }
    },
    ...rest,
  }
}

const within = SETTINGS.maxClockSkew * 0.9
const skewedWithin = skewed(
  'clock skew between processes, within the allowance',
  [2, 8],
  [0, within, within / 2, within],
)

/** What such clocks have dated may be of any age. It goes before anybody is held to his time again. */
const skewedBeyond = skewed(
  'clock skew between processes, far beyond the allowance',
  [2, 8],
  [0, 60_000, -60_000, 3_600_000],
  {
    limits: {},
    async after({ redis }) {
      await pause(100) // for loads that began before
      await redis.command('FLUSHALL')
      await pause(SETTINGS.ttl)
    },
  },
)

async function hitsByCode(fleet: Fleet): Promise<Map<string, number>> {
  const byCode = new Map<string, number>()
  for (const [{ settings }, { hits }] of await fleet.counted()) {
    const code = settings.codeVersion as string
    byCode.set(code, hits + (byCode.get(code) ?? 0))
  }
  return byCode
}

/** Two processes go on to another code version; from then on, one of each side changes over. */
const twoCodeVersions: Fault = {
  name: 'two code versions at once',
  times: [2, 8],
  async inject({ fleet }) {
    const [a, , c, d] = fleet.members as [Member, Member, Member, Member]
    const codeOf = ({ settings }: Member) => settings.codeVersion as string
    const changing = codeOf(a) === codeOf(c) ? [c, d] : [a, c]
    const deploy = (member: Member) => fleet.replace(member, { codeVersion: codeOf(member) === '1' ? '2' : '1' })
    await Promise.all(changing.map(deploy))
    const over = now()
    const before = await hitsByCode(fleet)
    let bites = 0
    await pause(300)
    await until('processes of both code versions had hits', async () => {
      const hits = await hitsByCode(fleet)
      bites = Math.min(...['1', '2'].map((code) => (hits.get(code) ?? 0) - (before.get(code) ?? 0)))
      return bites > 0
    })
    return { bites, over }
  },
}

export const FAULTS_OF_PROCESSES = [killed, stopped, skewedWithin, skewedBeyond, twoCodeVersions]
