// What must compile with Hono's own types, and, behind `@ts-expect-error`, what must not. Never run.
import { type Context, Hono } from 'hono'
import type { hc } from 'hono/client'
import { versionedLruCache } from '../../src/index.ts'
import { conditional, sessions } from '../../src/integrations/hono.ts'

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
function is<A, B>(_: Equal<A, B>): void {}

interface WithUser {
  Variables: { user: { id: number } }
}

const report = versionedLruCache(async (id: string) => ({ id }), { version: () => 1 })
const app = new Hono<WithUser>()
app.use(sessions())

// A parameter is a string, wherever the route is, and the handler behind it keeps its types.
const routes = app.get(
  '/report/:id',
  conditional((c) => report.dependency(c.req.param('id'))),
  (c) => {
    is<typeof c.var.user.id, number>(true)
    return c.json({ id: c.req.param('id') })
  },
)
app.use(conditional(async (c) => [report.dependency(c.req.query('id') ?? '')]))
app.use(
  '/report/:id/*',
  conditional((c) => report.dependency(c.req.param('id')), { salt: 7 }),
)
app.on(
  'GET',
  ['/a/:id', '/b/:id'],
  conditional((c) => report.dependency(c.req.param('id'))),
)

// So does the client of the routes.
type Answered = Awaited<ReturnType<ReturnType<typeof hc<typeof routes>>['report'][':id']['$get']>>
is<ReturnType<Answered['json']>, Promise<{ id: string }>>(true)

// Where it is annotated, the context is exact.
const exact = conditional((c: Context<WithUser, '/report/:id/:page?'>) => {
  is<typeof c.var.user.id, number>(true)
  // @ts-expect-error it may be missing
  report.dependency(c.req.param('page'))
  // @ts-expect-error there is no such parameter
  report.dependency(c.req.param('name'))
  return report.dependency(c.req.param('id'))
})
app.get('/report/:id/:page?', exact, (c) => c.json(1))

// @ts-expect-error it is to depend on something
conditional((c) => c.req.param('id'))
// @ts-expect-error there is no such option
conditional(() => report.dependency('eu'), { maxAge: 5 })
