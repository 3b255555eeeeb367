// Notes by topic on Hono: `npx tsx examples/frameworks/hono.ts`, and PORT says where it listens.
import { serve } from '@hono/node-server' // on Bun and Deno there is a server already: see docs/frameworks/hono.md
import { Hono } from 'hono'
import { conditional, sessions } from 'versioned-lru-cache/hono'
import { addNote, listNotes } from './notes.ts'

const app = new Hono()
app.use(sessions())

const notesOf = conditional((c) => listNotes.dependency(c.req.param('topic')))

app.get('/notes/:topic', notesOf, async (c) => c.json(await listNotes(c.req.param('topic'))))

app.post('/notes/:topic', async (c) => {
  addNote(c.req.param('topic'), await c.req.text())
  return c.body(null, 204)
})

serve({ fetch: app.fetch, port: Number(process.env['PORT'] ?? 3000), hostname: '127.0.0.1' }, ({ port }) => {
  console.log(`http://127.0.0.1:${port}/notes/garden`)
})
