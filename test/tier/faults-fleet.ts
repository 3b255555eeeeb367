import { EventEmitter, once } from 'node:events'
import { type History, now, type SessionRecord, until } from './faults-history.ts'
import { type Bundle, Member } from './faults-member.ts'
import type { Counted, Order, ProcessSettings } from './process-messages.ts'

/** What can be counted over all processes. */
export type Count = Exclude<keyof Counted, 'events' | 'wallClock'>

/** Several processes, and all that they have written down. */
export class Fleet {
  readonly history: History = { sessions: [], writes: [] }
  /** Processes that have ended though nobody wanted it. */
  readonly deaths: string[] = []
  /** Each time that a process began to load the slow report. */
  readonly slowLoads: { readonly member: Member; readonly id: number }[] = []
  readonly members: Member[] = []
  readonly #bundle: Bundle
  readonly #news = new EventEmitter()
  readonly #killed = new WeakSet<Member>()
  #run: Order | undefined

  constructor(bundle: Bundle) {
    this.#bundle = bundle
  }

  async start(settings: readonly ProcessSettings[]): Promise<void> {
    this.members.push(...settings.map((each) => this.#member(each)))
    await Promise.all(this.members.map(({ ready }) => ready))
  }

  /** From now on each process has sessions and writers, also one that comes in place of another. */
  async run(sessions: number, writers: number): Promise<void> {
    this.#run = { do: 'run', sessions, writers }
    await this.orderAll(this.#run)
  }

  orderAll<T>(order: Order): Promise<T[]> {
    return Promise.all(this.members.map((member) => member.order<T>(order)))
  }

  /** Starts another process in the place of one, which it kills if that is still there. */
  async replace(member: Member, changed: Partial<ProcessSettings> = {}): Promise<Member> {
    const settings = { ...member.settings, ...changed, seed: member.settings.seed + this.members.length }
    const next = this.#member(settings)
    await next.ready
    await this.#collect(member)
    await member.kill()
    this.members[this.members.indexOf(member)] = next
    if (this.#run) await next.order(this.#run)
    return next
  }

  /** Ends one at once. What it has not handed over yet is gone. */
  async kill(member: Member): Promise<void> {
    this.#killed.add(member)
    await member.kill()
  }

  /** Fetches what was written down, and gives the sessions that have come since there were so many. */
  async collect(from = this.history.sessions.length): Promise<SessionRecord[]> {
    await Promise.all(this.members.map((member) => this.#collect(member)))
    return this.history.sessions.slice(from)
  }

  async #collect(member: Member): Promise<void> {
    if (this.#killed.has(member)) return
    const { sessions, writes } = await member.order<History>({ do: 'collect' })
    for (const session of sessions) this.history.sessions.push(session)
    for (const write of writes) this.history.writes.push(write)
  }

  /** Counts from here on: gives a function that tells what has been added. */
  async counting(): Promise<(what: Count) => Promise<number>> {
    const before = new Map(await this.counted())
    return async (what) => {
      const after = await this.counted()
      return after.reduce((sum, [member, counts]) => sum + counts[what] - (before.get(member)?.[what] ?? 0), 0)
    }
  }

  counted(): Promise<(readonly [Member, Counted])[]> {
    return Promise.all(
      this.members.map(async (member) => [member, await member.order<Counted>({ do: 'count' })] as const),
    )
  }

  /** The process that begins next to load this slow report. */
  async nextSlowLoad(id: number): Promise<Member> {
    const [member] = await once(this.#news, `load ${id}`)
    return member
  }

  /**
   * How long it took, from a moment on, until the tier had answered each process again. What was asked for before that may
   * fail after it, within the timeout, and let the tier be left alone.
   */
  async settled(since: number): Promise<number> {
    const earliest = since + Math.max(...this.members.map(({ settings }) => settings.tierTimeout))
    const first = ({ hits, downAt }: Member) => hits[hits.findLastIndex((hit) => hit <= Math.max(since, downAt)) + 1]
    const all = () => this.members.map(first).filter((hit) => hit !== undefined)
    await until('the tier answered each process again', () => now() > earliest && all().length === this.members.length)
    return Math.max(...all()) - since
  }

  async stop(): Promise<void> {
    await Promise.all(this.members.map((member) => member.kill()))
    await this.#bundle.remove()
  }

  #member(settings: ProcessSettings): Member {
    return new Member(this.#bundle, settings, {
      slowLoad: (member, id) => {
        this.slowLoads.push({ member, id })
        this.#news.emit(`load ${id}`, member)
      },
      death: (how) => this.deaths.push(how),
    })
  }
}
