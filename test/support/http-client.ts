import { once } from 'node:events'
import { type ClientRequest, type IncomingMessage, request } from 'node:http'

/** An answer to a request, as it came over the wire. */
export interface Received {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly text: string
}

export interface Sent {
  readonly method?: string
  readonly headers?: Record<string, string>
  /** Each part is sent by itself, a moment after the one before. */
  readonly body?: string[]
}

/** Asks a server. (`fetch` would add a `Cache-Control: no-cache` to each request that has an `If-None-Match`.) */
export async function ask(url: string, sent: Sent = {}): Promise<Received> {
  const { outgoing, response: coming } = open(url, sent)
  let response: IncomingMessage
  try {
    response = await coming
  } catch (error) {
    // The server has closed a kept connection at the moment in which it was used again, and has not seen the request.
    if (outgoing.reusedSocket && (error as NodeJS.ErrnoException).code === 'ECONNRESET') return ask(url, sent)
    throw error
  }
  let text = ''
  for await (const chunk of response.setEncoding('utf8')) text += chunk
  return { status: response.statusCode ?? 0, headers: response.headers, text }
}

/** A request whose answer is read piece by piece, or never. */
export function open(
  url: string,
  { method = 'GET', headers = {}, body = [] }: Sent = {},
): {
  readonly outgoing: ClientRequest
  readonly response: Promise<IncomingMessage>
} {
  const outgoing = request(url, { method, headers })
  const response = once(outgoing, 'response').then(([message]) => message as IncomingMessage)
  response.catch(() => undefined) // of a request that is given up, nobody may be waiting for the answer
  void send(outgoing, body)
  return { outgoing, response }
}

async function send(outgoing: ClientRequest, parts: string[]): Promise<void> {
  for (const part of parts) {
    outgoing.write(part)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  outgoing.end()
}
