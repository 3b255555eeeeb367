import { readdirSync } from 'node:fs'
import { afterEach, describe, expect, it } from 'vitest'
import { type RunningExample, runExample, stopApp } from './support/example-process.ts'
import { ask } from './support/http-client.ts'

const examples = readdirSync('examples/frameworks').filter((file) => file !== 'notes.ts')

/** What an example needs to be run. */
const ENVIRONMENT: { readonly [file: string]: NodeJS.ProcessEnv } = {
  'nest.ts': { TSX_TSCONFIG_PATH: 'tsconfig.legacy.json' }, // as `tsx --tsconfig`
}

describe('the small example of each framework', () => {
  let example: RunningExample | undefined
  afterEach(() => example && stopApp(example))

  it.each(examples)('answers 304 until there is another note, and loads nothing for it: %s', async (file) => {
    example = runExample(`examples/frameworks/${file}`, { PORT: '0', ...ENVIRONMENT[file] })
    const [url] = await example.prints(/http:\/\/127\.0\.0\.1:\d+\/notes\/garden/)
    const steps = () =>
      example
        ?.output()
        .split('\n')
        .filter((line) => /^(check|load) /.test(line))

    const first = await ask(url)
    expect([first.status, JSON.parse(first.text)]).toEqual([200, { topic: 'garden', notes: [] }])
    expect(first.headers.etag).toMatch(/^W\//)
    const headers = { 'if-none-match': `${first.headers.etag}` }
    expect((await ask(url, { headers })).status).toBe(304)
    await expect.poll(steps).toEqual(['check garden', 'load garden', 'check garden'])

    const post = { method: 'POST', headers: { 'content-type': 'text/plain' }, body: ['Water the beans'] }
    expect((await ask(url, post)).status).toBe(204)
    const third = await ask(url, { headers })
    expect([third.status, JSON.parse(third.text)]).toEqual([200, { topic: 'garden', notes: ['Water the beans'] }])
    expect(third.headers.etag).not.toBe(first.headers.etag)
    await expect.poll(steps).toEqual(['check garden', 'load garden', 'check garden', 'check garden', 'load garden'])
  })
})
