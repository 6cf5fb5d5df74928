import type { ServerResponse } from 'node:http'

/** What goes out. */
export interface Reply {
  readonly status: number
  /** Text goes out as it is, undefined as nothing, everything else as JSON. */
  readonly body: unknown
  readonly html?: boolean
  readonly headers?: Readonly<Record<string, string>>
}

export function write(response: ServerResponse, { status, body, html, headers }: Reply): void {
  const text = typeof body === 'string' ? body : (JSON.stringify(body) ?? '')
  response.writeHead(status, {
    'Content-Type': html === true ? 'text/html; charset=utf-8' : 'application/json; charset=utf-8',
    'Content-Length': Buffer.byteLength(text),
    ...headers,
  })
  response.end(text)
}
