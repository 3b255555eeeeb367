import { onTestFinished } from 'vitest'
import { type CachedFunction, type CacheEvent, onCacheEvent, versionedLruCache } from '../../src/index.ts'
import type { World } from './world.ts'

/** A cached function of one thing in the world, whose version it goes by: gives `user 1`. */
export function part(world: World, name: string, options: object = {}): Part<string> {
  const load = async (): Promise<string> => {
    await null
    return `${name} ${world.load(name).version}`
  }
  return versionedLruCache(load, { name, version: versionIn(world, name), ...options })
}

/** An asynchronous version function of one thing in the world. */
export function versionIn(world: World, name: string): () => Promise<number> {
  return async () => {
    await null
    return world.check(name)
  }
}

/** A cached function that is made of others. It has no version of its own unless the options give one. */
export function whole<T>(world: World, name: string, make: () => T | Promise<T>, options: object = {}): Part<T> {
  const load = async (): Promise<T> => {
    world.steps.push(`load ${name}`)
    return make()
  }
  return versionedLruCache(load, { name, ...options })
}

type Part<T> = CachedFunction<() => Promise<T>>

/** What is told of from now on until the test ends. */
export function eventsFromNow(): CacheEvent[] {
  const events: CacheEvent[] = []
  onTestFinished(onCacheEvent((event) => events.push(event)))
  return events
}
