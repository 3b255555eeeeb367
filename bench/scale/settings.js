/**
 * @typedef {object} Settings a system of several processes. Durations are milliseconds, rates are per second.
 * @property {number} processes
 * @property {number} requests of each process, per second; each is a session
 * @property {number} calls that each request makes at once
 * @property {number} keys that are called with, by Zipf's law
 * @property {number} skew the key of rank r is called, and written, with a weight of 1 / r ^ skew
 * @property {number} writes of all keys together, per second; each gives one key a new version
 * @property {number} max entries in the LRU of each process
 * @property {number} ttl
 * @property {'alone' | 'shared' | 'batched'} checks each session for itself (which the library never does), shared by key,
 *   or read together by `readMany`
 * @property {boolean} tier whether the processes share one
 * @property {boolean} coarse whether all keys have one version, which every write moves
 * @property {number} check how long a check takes
 * @property {number} load how long a load takes
 * @property {number} operation how long an operation of the tier takes
 * @property {number} clockSkew by how much older the tier's entries are taken to be than they are, as `maxClockSkew` says
 * @property {number} lag by which the replica is behind that answers the checks; 0 for the primary
 */

/** @type {Settings} */
export const USUAL = {
  processes: 4,
  requests: 100,
  calls: 5,
  keys: 10_000,
  skew: 1,
  writes: 1,
  max: 10_000,
  ttl: 3_600_000,
  checks: 'batched',
  tier: true,
  coarse: false,
  check: 2,
  load: 50,
  operation: 0.5,
  clockSkew: 1000,
  lag: 0,
}

/** How long a process waits that has not got a lease, before it looks again; twice as long each time, up to the last. */
export const [FIRST_LOOK, LAST_LOOK] = [5, 100]
/** It waits for less than that, at random, so that not all look at the same moment: this share of it on average. */
export const LOOK_SHARE = 0.75
/** How often a lease is renewed while the load runs, in milliseconds: at each third of its 2,000. */
export const RENEWAL = 2000 / 3
