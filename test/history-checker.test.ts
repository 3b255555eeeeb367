import { describe, expect, it } from 'vitest'
import { broken } from './support/history-checker.ts'
import { type Output, PlannedError } from './support/history-record.ts'
import { Script } from './support/history-script.ts'

/** One broken promise each; the name is what the judge has to say of it. */
const FAULTS: Record<string, (script: Script) => void> = {
  'fresh: data 1, though 2': (script) => {
    script.write(2)
    script.reads(1, 2, 1)
  },
  'fresh: answered without a check': (script) => {
    const { output } = script.reads(1, 1)
    script.give(script.call(2), output)
  },
  'one version': (script) => {
    const { output } = script.reads(1, 1)
    const late = script.call(2)
    script.check(late, 2)
    script.give(late, output)
  },
  'back in time': (script) => {
    script.reads(1, 1, 2)
    script.reads(2, 1, 1)
  },
  'pinned: call 1': (script) => {
    const { output } = script.reads(1, 1)
    script.give(script.call(1), { ...output })
  },
  'whole: {"key":"x"': (script) => {
    const call = script.call(1)
    script.check(call, 1)
    const { output } = script.load(call, 1)
    script.give(call, { ...output })
  },
  torn: (script) => {
    const call = script.call(1)
    script.check(call, 1)
    const load = script.load(call, 1)
    load.output = { ...(load.output as Output), right: 2 }
    script.give(call, load.output)
  },
  'TTL: ': (script) => {
    const { output } = script.reads(1, 1)
    const late = script.call(2)
    script.check(late, 1, 10)
    script.give(late, output, 10)
  },
  'no resurrection: load 0 was dropped before the call': (script) => {
    const { output } = script.reads(1, 1)
    script.drop('invalidate')
    const late = script.call(2)
    script.check(late, 1)
    script.give(late, output)
  },
  'no resurrection: load 0 was dropped, and is kept': (script) => {
    const load = script.reads(1, 1)
    script.drop('clear')
    script.keep(load)
  },
  'refresh: got a load that had begun before it': (script) => {
    const { output } = script.reads(1, 1)
    script.drop('refresh', 2)
    const call = script.call(2, 'refresh')
    script.check(call, 1)
    script.give(call, output)
  },
  'older overwrites newer': (script) => {
    const early = script.call(1)
    script.check(early, 1)
    script.keep(script.reads(2, 2))
    const load = script.load(early, 2)
    script.give(early, load.output)
    script.keep(load)
  },
  'overtaken: load 0': (script) => {
    const early = script.call(1)
    script.check(early, 1)
    const late = script.takeOff(early, 1)
    script.keep(script.reads(2, 2))
    script.keep(undefined)
    script.land(late)
    script.give(early, late.output)
    script.keep(late)
  },
  'errors: got that of a load that had ended before': (script) => {
    const first = script.call(1)
    script.check(first, 1)
    script.load(first, 1)
    script.fail(first, new PlannedError('load', 0))
    const late = script.call(2)
    script.check(late, 1)
    script.fail(late, new PlannedError('load', 0))
  },
  'errors: got that of a check it did not ask for': (script) => {
    const first = script.call(1)
    script.check(first, 1)
    script.fail(first, new PlannedError('check', 0))
    script.fail(script.call(1), new PlannedError('check', 0))
  },
  'errors: nobody planned': (script) => script.fail(script.call(1), new TypeError('no such thing')),
  'errors: timed out': (script) => {
    const call = script.call(1)
    script.check(call, 1)
    script.fail(call, { code: 'ERR_VERSION_TIMEOUT' })
  },
  'one check: check 1 was asked for by nobody': (script) => {
    const call = script.call(1)
    script.check(call, 1)
    script.check(call, 1)
    script.give(call, script.load(call, 1).output)
  },
  'one check at a time': (script) => {
    const first = script.call(1)
    const check = script.check(first, 1)
    script.reads(2, 1)
    check.endedAt = script.history.now
    script.give(first, script.load(first, 1).output)
  },
  'timers: that of check 0 outlived it': (script) => {
    const call = script.call(1)
    const check = script.check(call, 1)
    script.give(call, script.load(call, 1).output)
    check.cutAt = script.history.now
  },
  'context: check 0': (script) => {
    const call = script.call(1)
    script.check(undefined, 1)
    script.give(call, script.load(call, 1).output)
  },
  'context: load 0': (script) => {
    const call = script.call(1)
    script.check(call, 1)
    script.give(call, script.load(undefined, 1).output)
  },
  'stamp before load': (script) => {
    const call = script.call(1)
    const { output } = script.load(call, 1)
    script.check(call, 1)
    script.give(call, output)
  },
  'one load: load 1 is the second': (script) => {
    const call = script.call(1)
    script.check(call, 1)
    script.load(call, 1)
    script.give(call, script.load(call, 1).output)
  },
  'one load: load 1 began beside its like': (script) => {
    const first = script.call(1)
    script.check(first, 1)
    const flight = script.takeOff(first, 1)
    script.reads(2, 1)
    script.land(flight)
    script.give(first, flight.output)
  },
  'one load: load 1 began though its output was kept': (script) => {
    script.keep(script.reads(1, 1))
    script.reads(2, 1)
  },
}

describe('the judge of histories', () => {
  it.each(Object.entries(FAULTS))('sees: %s', (fault, play) => {
    const script = new Script(fault.startsWith('TTL') ? { ttl: 10 } : {})
    play(script)
    expect(broken(script.history).some((found) => found.startsWith(fault))).toBe(true)
  })

  it('finds nothing wrong with sessions that keep to the promises', () => {
    const script = new Script()
    script.keep(script.reads(1, 1))
    script.write(2)
    script.keep(script.reads(2, 2))
    script.drop('invalidate', 1)
    script.keep(undefined)
    script.keep(script.reads(1, 2))
    expect(broken(script.history)).toEqual([])
  })

  it('lets stale outputs pass for as long as the user chose, and no longer', () => {
    const served = (clock: number): string[] => {
      const script = new Script({ staleFor: 7 })
      const { output } = script.reads(1, 1)
      script.write(2)
      const late = script.call(2)
      script.check(late, 2, clock)
      script.give(late, output, clock)
      return broken(script.history)
    }
    expect(served(6)).toEqual([])
    expect(served(7)).toEqual([expect.stringMatching(/^fresh/), expect.stringMatching(/^one version/)])
  })
})
