import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { keyOf } from '../src/core/key.ts'
import { Pin } from '../src/core/pin.ts'
import { Pins } from '../src/core/pins.ts'
import { runInSession, Session, versionedLruCache } from '../src/index.ts'
import { MODES, shaped } from './support/world.ts'

/** Calls that are found by their arguments as they are, since `===` tells these from all others. */
const PLAIN: unknown[][] = [
  [],
  ['a'],
  ['1'],
  [''],
  [0],
  [1],
  [1n],
  [true],
  [null],
  [undefined],
  ['a', 'b'],
  ['b', 'a'],
  ['a', 0],
  ['a', undefined],
  [undefined, 'a'],
  [undefined, undefined],
  [0, 1],
  ['0', 1],
]

/** Calls that only a written key tells apart; some are a string that is the written key of another call. */
const WRITTEN: unknown[][] = [
  ['\0()'],
  ['\0("a")'],
  ['\0("a","b")'],
  ['\0(-0)'],
  ['\0(NaN)'],
  ['\0({})'],
  [-0],
  [Number.NaN],
  [2n ** 70n],
  ['x'.repeat(20_000)],
  [{}],
  [[]],
  [['a', 'b']],
  ['a', -0],
  [-0, 1],
  [Number.NaN, 'a'],
  ['\0()', 'a'],
  [{}, 'a'],
  ['a', 'b', 'c'],
  ['a', 'b', undefined],
]

const CALLS = [...PLAIN, ...WRITTEN]

const readAgain = () => expect.fail('nobody reads again here')
const owners = [
  { name: 'one', readAgain },
  { name: 'two', readAgain },
  { name: 'with a key function', readAgain },
] as const
type Owner = (typeof owners)[number]
const WITH_KEY = owners[2]

const findCall = (pins: Pins, owner: Owner, args: unknown[]) => pins.find(owner, args.length, args[0], args[1])

function expectPins(pins: Pins, expected: Iterable<Pin>): void {
  const found = [...pins]
  const wanted = [...expected]
  expect(found).toHaveLength(wanted.length)
  expect(wanted.every((pin) => found.includes(pin))).toBe(true)
}

/** Pins beside the obvious way to keep them, as the reference: a map by names that do not depend on keys. */
class PinsAndMap {
  readonly pins = new Pins()
  readonly plain = new Map<string, Pin>()
  readonly dropped: Pin[] = []

  of(owner: Owner, args: unknown[]): Pin {
    const pin = this.plain.get(nameOf(owner, args)) ?? this.#added(owner, args)
    this.plain.set(nameOf(owner, args), pin)
    return pin
  }

  #added(owner: Owner, args: unknown[]): Pin {
    const pin = new Pin(owner, keyOf(args), owner === WITH_KEY ? undefined : args)
    this.pins.add(pin)
    return pin
  }

  drop(owner: Owner, args: unknown[]): void {
    const pin = this.plain.get(nameOf(owner, args))
    if (pin === undefined) return
    this.pins.drop(pin)
    this.#forget((other) => other === pin)
  }

  dropAgain(): void {
    for (const pin of this.dropped) this.pins.drop(pin)
  }

  dropAll(owner: Owner): void {
    this.pins.dropAll(owner)
    this.#forget((pin) => pin.owner === owner)
  }

  clear(): void {
    this.pins.clear()
    this.#forget(() => true)
  }

  #forget(isGone: (pin: Pin) => boolean): void {
    for (const [name, pin] of this.plain) {
      if (!isGone(pin)) continue
      this.plain.delete(name)
      this.dropped.push(pin)
    }
  }

  compare(): void {
    expectPins(this.pins, this.plain.values())
    for (const owner of owners) {
      for (const args of CALLS) {
        const name = nameOf(owner, args)
        const pin = this.plain.get(name)
        const bare =
          owner !== WITH_KEY && PLAIN.includes(args) && pin !== undefined && pin.readyFor >= 0 ? pin : undefined
        if (this.pins.get(owner, keyOf(args)) !== pin) expect.fail(`get ${name}`)
        if (findCall(this.pins, owner, args) !== bare) expect.fail(`find ${name}`)
      }
    }
  }
}

function nameOf(owner: Owner, args: unknown[]): string {
  return `${owner.name}: ${CALLS.indexOf(args)} ${label(args)}`
}

const STEPS: Record<string, (both: PinsAndMap, owner: Owner, args: unknown[]) => void> = {
  hold: (both, owner, args) => void both.of(owner, args).hold({}),
  open: (both, owner, args) => both.of(owner, args).open(),
  letGo: (both, owner, args) => both.of(owner, args).letGo(),
  drop: (both, owner, args) => both.drop(owner, args),
  dropAgain: (both) => both.dropAgain(),
  dropAll: (both, owner) => both.dropAll(owner),
  clear: (both) => both.clear(),
}
const steps = (...names: string[]) =>
  fc.record({ step: fc.constantFrom(...names), owner: fc.constantFrom(...owners), args: fc.constantFrom(...CALLS) })
const anyStep = fc.oneof(
  { weight: 8, arbitrary: steps('hold', 'open', 'letGo') },
  { weight: 3, arbitrary: steps('drop') },
  { weight: 1, arbitrary: steps('dropAgain', 'dropAll', 'clear') },
)

describe('the pins of a session', () => {
  it('are found again, few or many', () => {
    const holds = fc.property(fc.array(anyStep, { maxLength: 40, size: 'max' }), (all) => {
      const both = new PinsAndMap()
      for (const { step, owner, args } of all) {
        STEPS[step]?.(both, owner, args)
        both.compare()
      }
    })
    fc.assert(holds, { numRuns: 150 })
  })

  it.each([0, 20])(
    'are not found by their arguments while they open, and when they are let go: beside %i',
    (others) => {
      const [one] = owners
      for (const args of PLAIN) {
        const pins = new Pins()
        for (let n = 0; n < others; n++) pins.add(new Pin(one, `other ${n}`, [`other ${n}`]))
        const pin = new Pin(one, keyOf(args), args)
        pins.add(pin)
        expect(findCall(pins, one, args)).toBeUndefined()
        pin.open()
        expect(findCall(pins, one, args)).toBeUndefined()
        pin.hold(undefined)
        expect(findCall(pins, one, args)).toBe(pin)
        pin.letGo()
        expect(findCall(pins, one, args)).toBeUndefined()
        expect(pins.get(one, keyOf(args))).toBe(pin)
      }
    },
  )

  it.each([0, 20])('do not take their successors with them when they are dropped again: beside %i', (others) => {
    const [one] = owners
    const pins = new Pins()
    for (let n = 0; n < others; n++) pins.add(new Pin(one, `other ${n}`, [`other ${n}`]))
    for (const args of PLAIN) {
      const [first, second] = [new Pin(one, keyOf(args), args), new Pin(one, keyOf(args), args)]
      pins.add(first)
      pins.drop(first)
      pins.add(second)
      second.hold(1)
      pins.drop(first)
      expect([pins.get(one, keyOf(args)), findCall(pins, one, args)]).toEqual([second, second])
      pins.drop(second)
      expect([pins.get(one, keyOf(args)), findCall(pins, one, args)]).toEqual([undefined, undefined])
    }
    expect([...pins]).toHaveLength(others)
  })

  it('are dropped one by one, also when there are many', () => {
    const [one, two] = owners
    const pins = new Pins()
    const all = CALLS.map((args, index) => new Pin(index % 2 === 0 ? one : two, keyOf(args), args))
    for (const pin of all) pins.add(pin)
    for (const pin of [...all]) {
      pins.drop(pin)
      all.shift()
      expectPins(pins, all)
    }
    const again = new Pin(one, 'a', ['a'])
    again.hold(1)
    pins.add(again)
    expect(pins.find(one, 1, 'a', undefined)).toBe(again)
  })

  it.each([0, 20])('are one for each call: a new one takes the place of the old: beside %i', (others) => {
    const [one] = owners
    const pins = new Pins()
    for (let n = 0; n < others; n++) pins.add(new Pin(one, `other ${n}`, [`other ${n}`]))
    const [first, second] = [new Pin(one, 'a', ['a']), new Pin(one, 'a', ['a'])]
    pins.add(first)
    pins.add(second)
    expect([...pins].filter(({ key }) => key === 'a')).toEqual([second])
    pins.drop(second)
    expect(pins.get(one, 'a')).toBeUndefined()
  })

  it('let go of a function of which nothing is pinned any more', async () => {
    const session = new Session()
    const functions = Array.from({ length: 3 }, () => versionedLruCache((n: number) => ({ n })))
    const held = functions.map((fn) => new WeakRef(fn.loader))
    session.run(() => functions.forEach((fn) => void [0, 1, 2, 3].map(fn)))
    session.run(() => functions.splice(0, 2).forEach((fn) => void fn.clear()))
    for (let turn = 0; turn < 20 && held[0]?.deref() !== undefined; turn++) {
      await new Promise((resolve) => setTimeout(resolve, 5))
      globalThis.gc?.()
    }
    expect(held.map((loader) => loader.deref() !== undefined)).toEqual([false, false, true])
    expect(session.run(() => functions[0]?.(1))).toEqual({ n: 1 })
    session.run(() => functions[0]?.clear())
  })

  it('begin anew when the only function that was asked much is cleared', () => {
    const cached = versionedLruCache((n: number) => ({ n }))
    runInSession(() => {
      const before = Array.from({ length: 10 }, (_, n) => cached(n))
      cached.clear()
      const after = before.map((_, n) => cached(n))
      expect(after.some((output, n) => output === before[n])).toBe(false)
      expect(before.map((_, n) => cached(n))).toEqual(after)
    })
  })

  it('hold for a session of many functions and arguments as for one', async () => {
    const functions = Array.from({ length: 5 }, () =>
      versionedLruCache(async (n: number) => ({ n }), { version: async () => 1 }),
    )
    await runInSession(async () => {
      const all = () => Promise.all(functions.flatMap((fn) => Array.from({ length: 5 }, (_, n) => fn(n))))
      const first = await all()
      const again = await all()
      expect(again.every((output, index) => output === first[index])).toBe(true)
    })
    for (const fn of functions) expect(fn.stats()).toMatchObject({ checks: 5, loads: 5, pinned: 5 })
  })
})

describe.each(MODES)('in one session, with a $loader loader and a $version version function', ({ loader, version }) => {
  function echoing() {
    const cached = versionedLruCache(
      shaped(loader, (...args: unknown[]) => ({ args })),
      { version: shaped(version, (..._: unknown[]) => 1) },
    )
    const own = new Map<unknown[], unknown>()
    const ask = async (args: unknown[]): Promise<void> => {
      const output = await cached(...args)
      const isOwn = output.args.length === args.length && args.every((arg, at) => Object.is(arg, output.args[at]))
      if (!isOwn) expect.fail(`${label(args)} got the output of ${label(output.args)}`)
      if (own.has(args) && own.get(args) !== output) expect.fail(`${label(args)} got another output`)
      own.set(args, output)
    }
    return { cached, ask }
  }

  it('each call of any two gets its own output, the very same each time', async () => {
    const { cached, ask } = echoing()
    for (const one of CALLS) {
      for (const other of CALLS) {
        await runInSession(async () => {
          for (let time = 0; time < 3; time++) {
            await ask(one)
            await ask(other)
          }
        })
      }
    }
    expect(cached.stats()).toMatchObject({ loads: CALLS.length, entries: CALLS.length })
  })

  it('each call of many gets its own output, the very same each time', async () => {
    const { cached, ask } = echoing()
    await runInSession(async () => {
      for (const order of [CALLS, CALLS.toReversed(), CALLS]) for (const args of order) await ask(args)
    })
    expect(cached.stats()).toMatchObject({ loads: CALLS.length, pinned: CALLS.length * 2 })
  })

  it('a key function is asked each time, since it need not go by the arguments alone', async () => {
    let tenant = 'a'
    const cached = versionedLruCache(
      shaped(loader, (..._: string[]) => ({})),
      {
        version: shaped(version, (..._: string[]) => 1),
        key: (...args) => (tenant === 'a' ? args.join() : tenant),
      },
    )
    await runInSession(async () => {
      for (const args of [[], ['x'], ['x', 'y']]) {
        tenant = 'a'
        const first = await cached(...args)
        tenant = 'b'
        expect(await cached(...args)).not.toBe(first)
        tenant = 'a'
        expect(await cached(...args)).toBe(first)
      }
    })
  })

  it('a function with a key function goes by its keys alone', async () => {
    const cached = versionedLruCache(
      shaped(loader, (...args: unknown[]) => ({ args })),
      { version: shaped(version, (..._: unknown[]) => 1), key: (...args) => args.length },
    )
    const beside = Array.from({ length: 20 }, () => versionedLruCache(() => 1))
    for (const others of [[], beside]) {
      await runInSession(async () => {
        for (const other of others) other()
        const [none, one, two] = [await cached(), await cached('a'), await cached('a', 'b')]
        for (const args of [[0], [1], [2], ['\0()'], [undefined]]) expect(await cached(...args)).toBe(one)
        for (const args of [
          ['b', 'a'],
          [0, 1],
          ['a', undefined],
        ])
          expect(await cached(...args)).toBe(two)
        expect(await cached()).toBe(none)
        expect(new Set([none, one, two]).size).toBe(3)
      })
    }
  })
})

function label(args: unknown[]): string {
  return `f(${args.map((arg) => (Object.is(arg, -0) ? '-0' : `${typeof arg} ${JSON.stringify(String(arg)).slice(0, 40)}`))})`
}
