// Notes by topic on Fastify: `npx tsx examples/frameworks/fastify.ts`, and PORT says where it listens.
import fastify from 'fastify'
import { conditional, sessions } from 'versioned-lru-cache/fastify'
import { addNote, listNotes } from './notes.ts'

type OfTopic = { Params: { topic: string } }

const app = fastify()
app.register(sessions)

const notesOf = conditional<OfTopic>(({ params }) => listNotes.dependency(params.topic))

app.get<OfTopic>('/notes/:topic', { preHandler: notesOf }, ({ params }) => listNotes(params.topic))

app.post<OfTopic & { Body: string }>('/notes/:topic', async ({ params, body }, reply) => {
  addNote(params.topic, body)
  return reply.code(204).send()
})

const address = await app.listen({ port: Number(process.env['PORT'] ?? 3000), host: '127.0.0.1' })
console.log(`${address}/notes/garden`)
