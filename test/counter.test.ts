import { describe, expect, it } from 'vitest'
import { counter, runInSession, versionedLruCache } from '../src/index.ts'

describe('a counter', () => {
  it('outdates what goes by the key that is bumped, and nothing else', () => {
    const notes = counter({ name: 'notes' })
    let loads = 0
    const list = versionedLruCache((_topic: string) => ++loads, { version: notes })
    expect([list('a'), list('b'), list('a')]).toEqual([1, 2, 1])
    notes.bump('a')
    expect([list('a'), list('b')]).toEqual([3, 2])
  })

  it('outdates everything when no key is named', () => {
    const notes = counter({ name: 'notes' })
    let loads = 0
    const list = versionedLruCache((_topic: string) => ++loads, { version: notes })
    notes.bump('a')
    expect([list('a'), list('b')]).toEqual([1, 2])
    notes.bump()
    expect([list('a'), list('b')]).toEqual([3, 4])
  })

  it('can stand for a whole', () => {
    const notes = counter({ name: 'notes' })
    let loads = 0
    const count = versionedLruCache((_user: string) => ++loads, { version: notes.of(() => undefined) })
    expect([count('x'), count('x')]).toEqual([1, 1])
    notes.bump()
    expect(count('x')).toBe(2)
  })

  it('is pinned by a session', () => {
    const notes = counter({ name: 'notes' })
    const list = versionedLruCache((_topic: string) => ({}), { version: notes })
    runInSession(() => {
      const first = list('a')
      notes.bump('a')
      expect(list('a')).toBe(first)
    })
  })

  it('takes lists as keys, and tells them apart from their text', () => {
    const notes = counter({ name: 'notes' })
    notes.bump(['a', 1])
    expect(notes(['a', 1])).not.toEqual(notes(['a', 2]))
    expect(notes('a,1')).toEqual(notes('b'))
  })

  it('never gives a version twice, whatever is bumped and forgotten', () => {
    const notes = counter({ name: 'notes', max: 3 })
    const keys = ['a', 'b', 'c', 'd', 'e', 'f']
    const versions = new Map(keys.map((key) => [key, [String(notes(key))]]))
    for (let step = 0; step < 200; step++) {
      const bumped = keys[(step * 5) % 6] as string
      notes.bump(bumped)
      for (const [key, seen] of versions) {
        const version = String(notes(key))
        if (key !== bumped && version === seen.at(-1)) continue
        expect(seen, key).not.toContain(version)
        seen.push(version)
      }
    }
  })

  it('is no other counter, nor that of an earlier process', () => {
    expect(counter({ name: 'notes' })('a')).not.toEqual(counter({ name: 'notes' })('a'))
  })

  it('is refused with a key that is none, and with options that are none', () => {
    expect(() => counter({ name: 'notes' }).bump({} as never)).toThrow('ask for a string')
    expect(() => counter({ name: 'notes', max: 0 })).toThrow('The option "max" is 0: give a whole number of keys')
    expect(() => counter({ name: '' })).toThrow('The option "name" is ""')
    expect(() => counter({ name: 'notes', ttl: 1 } as never)).toThrow('There is no option "ttl"')
  })
})
