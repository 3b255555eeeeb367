import * as fc from 'fast-check'
import fresh from 'fresh'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { entityTag, isListed } from '../../src/http/entity-tag.ts'

const HOUR = 3_600_000

afterEach(() => vi.restoreAllMocks())

describe('an entity tag', () => {
  it('has the form of RFC 9110, section 8.8.3', () => {
    expect(entityTag('a', Number.POSITIVE_INFINITY, false)).toMatch(/^W\/"[\w-]{27}"$/)
    expect(entityTag('a', Number.POSITIVE_INFINITY, true)).toMatch(/^"[\w-]{27}"$/)
    expect(entityTag('a', HOUR, true)).toMatch(/^"[\w-]{27}-\w+"$/)
  })

  it('is the same in every process for the same text, and another one for another text', () => {
    const tag = entityTag('report', Number.POSITIVE_INFINITY, false)
    // printf report | iconv -t UTF-16LE | sha256sum, as base64url
    expect(tag).toBe('W/"VJJ4I4wMituQZCODhtWxenqhpVk"')
    expect(entityTag('reporT', Number.POSITIVE_INFINITY, false)).not.toBe(tag)
  })

  it('tells lone surrogates apart, which UTF-8 would not', () => {
    const [a, b] = ['\ud800', '\ud801'].map((text) => entityTag(text, Number.POSITIVE_INFINITY, false))
    expect(a).not.toBe(b)
  })

  it('changes once in each TTL, at a moment of its own', () => {
    const now = vi.spyOn(Date, 'now')
    const start = 1_700_000_000_000
    const changes = (text: string): number[] => {
      const at = (minute: number) => {
        now.mockReturnValue(start + minute * 60_000)
        return entityTag(text, HOUR, false)
      }
      return Array.from({ length: 180 }, (_, minute) => minute).filter((minute) => at(minute) !== at(minute + 1))
    }
    const ofEach = ['a', 'b', 'c'].map(changes)
    for (const [first = 0, ...others] of ofEach) expect(others).toEqual([first + 60, first + 120])
    expect(new Set(ofEach.map(([first]) => first)).size).toBe(3)
  })
})

describe('the tags that an If-None-Match lists', () => {
  it.each([
    ['"a"', true],
    ['W/"a"', true],
    ['"b", W/"a"', true],
    [' "b" ,"a" ', true],
    ['"a-b"', false],
    ['a', false],
    ['', false],
    ['*', false],
    ['"A"', false],
    ['"b"a"', false],
    ['"', false],
  ])('%s: %s', (header, listed) => {
    expect(isListed('W/"a"', header)).toBe(listed)
    expect(isListed('"a"', header)).toBe(listed)
  })

  const tag = fc.stringMatching(/^(W\/)?"[\w-]{0,3}"$/)
  const list = fc.array(tag, { minLength: 1, maxLength: 4 }).map((tags) => tags.join(', '))

  it('are those of the package "fresh"', () => {
    fc.assert(
      fc.property(tag, list, (own, header) => {
        expect(isListed(own, header)).toBe(fresh({ 'if-none-match': header }, { etag: own }))
      }),
    )
  })
})
