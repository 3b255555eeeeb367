import { type Call, type CheckRun, History, type LoadRun } from './history-record.ts'

/** A history that is written down, so that the judge can be shown what no sound cache does. */
export class Script {
  readonly history: History

  constructor(terms: { ttl?: number; staleFor?: number } = {}) {
    this.history = new History({ sync: false, ttl: Infinity, staleFor: 0, ...terms })
  }

  call(session: number, kind: Call['kind'] = 'read'): Call {
    const call: Call = {
      id: this.history.calls.length,
      session,
      key: 'x',
      kind,
      at: this.history.now,
      clock: 0,
      outcome: undefined,
    }
    this.history.calls.push(call)
    this.history.note({ type: 'call', of: call })
    return call
  }

  check(call: Call | undefined, version: number, clock = 0): CheckRun {
    const run: CheckRun = { ...this.#run(this.history.checks.length, call, clock), version, cutAt: Infinity }
    this.history.checks.push(run)
    this.history.note({ type: 'check begins', of: run })
    this.#end(run)
    return run
  }

  takeOff(call: Call | undefined, data: number): LoadRun {
    const id = this.history.loads.length
    const run: LoadRun = { ...this.#run(id, call, 0), output: { key: 'x', left: data, right: data, load: id } }
    this.history.loads.push(run)
    this.history.note({ type: 'load begins', of: run })
    return run
  }

  load(call: Call | undefined, data: number): LoadRun {
    const run = this.takeOff(call, data)
    this.land(run)
    return run
  }

  land(run: LoadRun): void {
    this.#end(run)
  }

  give(call: Call, value: unknown, clock = 0): void {
    this.#settle(call, { value }, clock)
  }

  fail(call: Call, error: unknown): void {
    this.#settle(call, { error }, 0)
  }

  drop(how: 'invalidate' | 'clear' | 'refresh', session?: number): void {
    const drop = { how, session, key: how === 'clear' ? undefined : 'x', at: this.history.now }
    this.history.drops.push(drop)
    this.history.note({ type: 'drop', of: drop })
  }

  write(data: number): void {
    const at = this.history.now
    const write = { key: 'x', data, ack: 'at once' as const, committedAt: at, ackedAt: at, ackedClock: 0 }
    this.history.writes.push(write)
    this.history.note({ type: 'ack', of: write })
  }

  keep(load: LoadRun | undefined): void {
    const kept = { key: 'x', load, at: this.history.now }
    this.history.kept.push(kept)
    this.history.note({ type: 'kept', of: kept })
  }

  /** A session that checks, loads and gets what it loaded. */
  reads(session: number, version: number, data = version): LoadRun {
    const call = this.call(session)
    this.check(call, version)
    const load = this.load(call, data)
    this.give(call, load.output)
    return load
  }

  #run(id: number, call: Call | undefined, clock: number) {
    return { id, key: 'x', call, begunAt: this.history.now, clock, endedAt: Infinity, endedClock: clock }
  }

  #end(run: CheckRun | LoadRun): void {
    run.endedAt = this.history.now
    this.history.note({ type: 'edge', of: 'ends' })
  }

  #settle(call: Call, ended: { value: unknown } | { error: unknown }, clock: number): void {
    call.outcome = { at: this.history.now, clock, promised: true, ended }
    this.history.note({ type: 'settled', of: call })
  }
}
