import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { ConfigurationError } from '../../../src/connector/index.ts'
import { answer } from './api.ts'
import { control, controlPrefix } from './control.ts'
import { errorList } from './errors.ts'
import type { SandboxState } from './state.ts'

/** Serves a sandbox on 127.0.0.1; port 0 is a free one. Throws `ConfigurationError` where the port cannot be had. */
export async function listen(
  state: SandboxState,
  port: number,
): Promise<{ readonly url: string; close(): Promise<void> }> {
  // One for each request: a signal that all share would gather a listener from each that is made to wait.
  const running = new Set<AbortController>()
  const server = createServer((request, response) => {
    const stopped = new AbortController()
    running.add(stopped)
    serve(state, request, response, stopped.signal)
      .catch((error: unknown) => {
        if (response.headersSent || stopped.signal.aborted) response.destroy()
        else fail(response, error)
      })
      .finally(() => running.delete(stopped))
  })
  // Never: a client that keeps connections must not find them closed under a request.
  server.keepAliveTimeout = 0
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        new ConfigurationError(
          error.code === 'EADDRINUSE'
            ? `Port ${port} is taken: choose another, or 0 for a free one`
            : `The sandbox cannot listen on port ${port}: ${error.message}`,
        ),
      ),
    )
    server.listen(port, '127.0.0.1', resolve)
  })
  const address = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${address.port}`,
    close: () =>
      new Promise((resolve) => {
        for (const stopped of running) stopped.abort()
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function serve(
  state: SandboxState,
  request: IncomingMessage,
  response: ServerResponse,
  stopped: AbortSignal,
): Promise<void> {
  // The real time would contradict the rate-limit headers where the sandbox's clock is another.
  response.sendDate = false
  const body = await read(request)
  if (request.url?.startsWith(controlPrefix)) control(state, request, body, response)
  else await answer(state, request, body, response, stopped)
}

/** A mistake of the sandbox's own. */
function fail(response: ServerResponse, error: unknown): void {
  const message = `The sandbox failed: ${error instanceof Error ? error.message : String(error)}`
  response.writeHead(500, { 'Content-Type': 'application/json; charset=utf-8' })
  response.end(JSON.stringify(errorList('', 'server_error', message)))
}

const mostBytes = 512 * 1024 * 1024

async function read(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > mostBytes) throw new Error('The body is too long')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}
