import { randomUUID } from 'node:crypto'
import { versionedLruCache } from 'versioned-lru-cache'

/** In memory; stands for your database. */
const notes = new Map<string, string[]>()

/** A version has to be unique for ever: without this, the first note after a restart would look like the one before. */
const epoch = randomUUID()

export function addNote(topic: string, text: string): void {
  notes.set(topic, [...(notes.get(topic) ?? []), text])
}

export const listNotes = versionedLruCache(
  async (topic: string) => {
    console.log(`load ${topic}`)
    return { topic, notes: notes.get(topic) ?? [] }
  },
  {
    version: (topic) => {
      console.log(`check ${topic}`)
      return [epoch, notes.get(topic)?.length ?? 0]
    },
  },
)
