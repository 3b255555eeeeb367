import { createHash } from 'node:crypto'

/** Of the 43 characters of a digest so many are kept: 162 bits, far more than will ever meet by chance. */
const DIGEST_LENGTH = 27

/**
 * The entity tag of an answer, by a text that is different for whatever makes the answer different (RFC 9110,
 * section 8.8.3).
 *
 * A client would keep its answer for ever while the version stays, so the tag changes once in each TTL as well. When,
 * is different for each text: else all clients would come back at the same moment.
 */
export function entityTag(text: string, ttl: number, strong: boolean): string {
  const digest = createHash('sha256').update(text, 'utf16le').digest()
  const period = ttl === Number.POSITIVE_INFINITY ? '' : `-${periodOf(ttl, digest.readUInt32BE(0) / 2 ** 32)}`
  return `${strong ? '' : 'W/'}"${digest.toString('base64url').slice(0, DIGEST_LENGTH)}${period}"`
}

/** By the wall clock, which is the one that processes share. */
function periodOf(ttl: number, shift: number): string {
  return Math.floor(Date.now() / ttl + shift).toString(36)
}

/**
 * Whether an `If-None-Match` header lists a tag, by the weak comparison of RFC 9110, sections 8.8.3.2 and 13.1.2. (A `*`
 * lists none: whether there is anything, the handler has to say.)
 */
export function isListed(tag: string, ifNoneMatch: string): boolean {
  const listed: string[] = ifNoneMatch.match(/"[^"]*"/g) ?? []
  return listed.includes(tag.replace(/^W\//, ''))
}
