// Notes by topic on Koa: `npx tsx examples/frameworks/koa.ts`, and PORT says where it listens.
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import Router from '@koa/router'
import Koa from 'koa'
import { conditional, sessions } from 'versioned-lru-cache/koa'
import { addNote, listNotes } from './notes.ts'

const router = new Router()

const notesOf = conditional((context) => listNotes.dependency(context['params'].topic))

router.get('/notes/:topic', notesOf, async (context) => {
  context.body = await listNotes(context.params['topic'] as string)
})

router.post('/notes/:topic', async (context) => {
  addNote(context.params['topic'] as string, await text(context.req))
  context.status = 204
})

const app = new Koa()
app.use(sessions())
app.use(router.routes())

const server = app.listen(Number(process.env['PORT'] ?? 3000), '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}/notes/garden`)
})
