import type { Ack } from './history-backend.ts'
import type { Actor, Plan, Step } from './history-world.ts'

export interface Scenario extends Plan {
  readonly name: string
  /** Too large for every run of the tests. */
  readonly long?: boolean
}

const read = (key = 'x'): Step => ({ do: 'read', key })
const write = (ack: Ack = 'later', key = 'x'): Step => ({ do: 'write', key, ack })
const refresh: Step = { do: 'refresh', key: 'x' }
const invalidate: Step = { do: 'invalidate', key: 'x' }
const clear: Step = { do: 'clear' }
const renew: Step = { do: 'renew' }
const wait: Step = { do: 'wait', ms: 5 }
const within = (session: number, ...steps: Step[]): Actor => ({ session, steps })
const somebody = (...steps: Step[]): Actor => ({ steps })

const ASYNC = { loader: 'async', version: 'async' } as const
const ASYNC_LOADER = { loader: 'async', version: 'sync' } as const
const ASYNC_VERSION = { loader: 'sync', version: 'async' } as const
const SYNC = { loader: 'sync', version: 'sync' } as const

const one = within(1, read())
const two = within(2, read())
const three = within(3, read())
const again = within(1, read(), read())

/** Small scopes, of which every order of edges is run. */
export const scenarios: readonly Scenario[] = [
  { name: '2 sessions, a write', ...ASYNC, actors: [one, two, somebody(write())] },
  { name: '2 sessions, data before version', ...ASYNC, actors: [one, two, somebody(write('with the version'))] },
  {
    name: '2 sessions, a write, then invalidate',
    ...ASYNC,
    actors: [one, two, somebody(write('at once'), invalidate)],
  },
  {
    name: '2 sessions, a write, invalidate any time',
    ...ASYNC,
    actors: [one, two, somebody(write('at once')), somebody(invalidate)],
  },
  {
    name: '2 sessions, clear any time',
    ...ASYNC,
    actors: [one, two, somebody(write('at once')), somebody(clear)],
  },
  { name: '3 sessions, a write, async loader', ...ASYNC_LOADER, actors: [one, two, three, somebody(write())] },
  { name: '3 sessions, a write, async version', ...ASYNC_VERSION, actors: [one, two, three, somebody(write())] },
  { name: '3 sessions, invalidate, async loader', ...ASYNC_LOADER, actors: [one, two, three, somebody(invalidate)] },
  { name: '3 sessions, clear, async loader', ...ASYNC_LOADER, actors: [one, two, three, somebody(clear)] },
  {
    name: '3 sessions, a write, invalidate, async loader',
    ...ASYNC_LOADER,
    actors: [one, two, three, somebody(write('at once')), somebody(invalidate)],
  },
  {
    name: '3 sessions, a write, invalidate, async version',
    ...ASYNC_VERSION,
    actors: [one, two, three, somebody(write('at once')), somebody(invalidate)],
  },
  {
    name: '3 sessions, refresh, async loader',
    ...ASYNC_LOADER,
    actors: [one, two, within(3, refresh), somebody(write('at once'))],
  },
  {
    name: '3 sessions, refresh, async version',
    ...ASYNC_VERSION,
    actors: [one, two, within(3, refresh), somebody(write('at once'))],
  },
  {
    name: '2 sessions, one with 2 calls at once, a write',
    ...ASYNC,
    actors: [one, one, two, somebody(write('at once'))],
  },
  {
    name: 'read your own write',
    ...ASYNC_VERSION,
    actors: [within(1, write('at once'), invalidate, read()), one, two],
  },
  {
    name: 'read your own write, async loader',
    ...ASYNC_LOADER,
    actors: [within(1, write('at once'), invalidate, read()), one, two],
  },
  {
    name: 'read your own write after clear',
    ...ASYNC_LOADER,
    actors: [within(1, read(), write('at once'), clear, read()), two],
  },
  {
    name: 'a session renewed',
    ...ASYNC_LOADER,
    actors: [within(1, read(), renew, read()), two, somebody(write('at once'))],
  },
  { name: 'a failing check', ...ASYNC, failingChecks: [0], actors: [again, two, somebody(write('at once'))] },
  {
    name: 'a failing check that others wait for',
    ...ASYNC_VERSION,
    failingChecks: [1],
    actors: [again, two, three, somebody(invalidate)],
  },
  {
    name: 'a failing load',
    ...ASYNC_LOADER,
    failingLoads: [0],
    actors: [again, two, three, somebody(write('at once'))],
  },
  {
    name: 'a failing load, invalidate',
    ...ASYNC_LOADER,
    failingLoads: [0],
    actors: [again, two, somebody(invalidate)],
  },
  {
    name: 'a failing sync load',
    ...ASYNC_VERSION,
    failingLoads: [0],
    actors: [again, two, somebody(write('at once'))],
  },
  {
    name: 'a hung check, time limits',
    ...ASYNC_VERSION,
    timers: true,
    hungChecks: [0],
    actors: [again, two, somebody(write('at once'))],
  },
  {
    name: '2 keys, 2 sessions, a write',
    ...ASYNC_LOADER,
    actors: [within(1, read(), read('y')), within(2, read('y')), somebody(write('at once'))],
  },
  {
    name: '2 keys, room for 1, a write',
    ...ASYNC_LOADER,
    max: 1,
    actors: [one, two, within(3, read('y')), somebody(write('at once'))],
  },
  {
    name: '2 keys, room for 1, sync',
    ...SYNC,
    max: 1,
    actors: [within(1, read(), read('y'), read()), within(2, read('y'), read()), somebody(write(), invalidate)],
  },
  { name: 'expiry', ...ASYNC_LOADER, ttl: 10, actors: [one, two, three, somebody(wait, wait)] },
  { name: 'expiry, all async', ...ASYNC, ttl: 10, actors: [one, two, somebody(wait, wait)] },
  {
    name: 'a failed check of before an invalidate',
    ...ASYNC_VERSION,
    failingChecks: [0],
    actors: [one, within(1, invalidate, read(), read()), two],
  },
  {
    name: 'a failed load of before an invalidate',
    ...ASYNC_LOADER,
    failingLoads: [0],
    actors: [one, within(1, invalidate, read(), read()), two],
  },
  {
    name: 'stale while revalidate',
    ...ASYNC_LOADER,
    ttl: 10,
    staleWhileRevalidate: 7,
    actors: [one, two, three, somebody(write('at once'), wait, wait)],
  },
  {
    name: 'stale if error',
    ...ASYNC_LOADER,
    ttl: 10,
    staleIfError: 7,
    failingLoads: [1],
    actors: [one, two, three, somebody(write('at once'), wait, wait)],
  },
  {
    name: '2 keys, 2 sessions both ways, room for 1',
    ...ASYNC_LOADER,
    max: 1,
    actors: [within(1, read(), read('y')), within(2, read('y'), read()), somebody(write())],
    long: true,
  },
  {
    name: 'read your own write, all async',
    ...ASYNC,
    actors: [within(1, write('at once'), invalidate, read()), one, two],
    long: true,
  },
  {
    name: '3 sessions, a write, all async',
    ...ASYNC,
    actors: [one, two, three, somebody(write('at once'))],
    long: true,
  },
  {
    name: '3 sessions, a failing load, a write',
    ...ASYNC,
    failingLoads: [0],
    actors: [one, two, three, somebody(write('at once'))],
    long: true,
  },
  {
    name: '3 sessions, a write, invalidate, all async',
    ...ASYNC,
    actors: [one, two, three, somebody(write('at once'), invalidate)],
    long: true,
  },
]
