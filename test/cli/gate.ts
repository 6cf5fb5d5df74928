import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A way to a server on which a test can hold every request up, and knows when one has come. */
export interface Gate {
  readonly url: string
  /** Resolves when the next POST, PUT or PATCH has come. */
  readonly written: Promise<void>
  /** Lets everything through, also what is held. */
  open(): void
  close(): Promise<void>
}

function forwarded(headers: IncomingHttpHeaders): Record<string, string> {
  const { host: _, connection: __, 'content-length': ___, ...rest } = headers
  return Object.fromEntries(
    Object.entries(rest).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  )
}

/** Reading requests pass; writing ones wait in front of the gate. Searching counts as reading. */
export async function gateTo(target: string): Promise<Gate> {
  let open = (): void => undefined
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  let arrive = (): void => undefined
  const written = new Promise<void>((resolve) => {
    arrive = resolve
  })
  let closed = false
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const reads = request.method === 'GET' || request.url?.endsWith('/search') === true
    if (!reads) {
      arrive()
      await opened
      // Whoever asked was killed, or the test is over.
      if (closed || response.destroyed) return
    }
    const answer = await fetch(`${target}${request.url}`, {
      method: request.method ?? 'GET',
      headers: forwarded(request.headers),
      body: request.method === 'GET' ? null : Buffer.concat(chunks),
    })
    const body = Buffer.from(await answer.arrayBuffer())
    const headers = Object.fromEntries(answer.headers)
    delete headers['content-encoding']
    delete headers['transfer-encoding']
    response.writeHead(answer.status, { ...headers, 'content-length': String(body.length) })
    response.end(body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    written,
    open,
    async close() {
      closed = true
      open()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
