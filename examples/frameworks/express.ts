// Notes by topic on Express: `npx tsx examples/frameworks/express.ts`, and PORT says where it listens.
import type { AddressInfo } from 'node:net'
import express, { type Request } from 'express'
import { conditional, sessions } from 'versioned-lru-cache/express'
import { addNote, listNotes } from './notes.ts'

type OfTopic = Request<{ topic: string }>

const app = express()
app.use(sessions())
app.use(express.text())

const notesOf = conditional(({ params }: OfTopic) => listNotes.dependency(params.topic))

app.get('/notes/:topic', notesOf, async (request: OfTopic, response) => {
  response.json(await listNotes(request.params.topic))
})

app.post('/notes/:topic', (request: OfTopic, response) => {
  addNote(request.params.topic, request.body)
  response.sendStatus(204)
})

const server = app.listen(Number(process.env['PORT'] ?? 3000), '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}/notes/garden`)
})
