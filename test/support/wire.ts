import { subscribe } from 'node:diagnostics_channel'
import type { ServerResponse } from 'node:http'

/** Requests without their end at the client, and answers without theirs at the server: each counts once. */
const asked = new Set<unknown>()
const thinking = new Set<ServerResponse>()

const ended = (message: unknown) => asked.delete((message as { request: unknown }).request)

subscribe('undici:request:create', (message) => {
  asked.add((message as { request: unknown }).request)
})
subscribe('undici:request:trailers', ended)
subscribe('undici:request:error', ended)
subscribe('http.server.request.start', (message) => {
  const { response } = message as { response: ServerResponse }
  thinking.add(response)
  const answer = () => {
    response.off('finish', answer).off('close', answer)
    thinking.delete(response)
  }
  response.on('finish', answer).on('close', answer)
})

/**
 * How many requests and answers are on their way between a client (undici) and a server (node:http) that both run
 * in this process. 0 while the server thinks, since then a virtual clock may move.
 */
export function onTheWire(): number {
  return asked.size - thinking.size
}

/**
 * True when nothing moves but virtual time: no request or answer is on the wire, and no real timer runs (a
 * connection is being made) beside `standing` ones that never end.
 */
export function nothingMoves(standing = 0): boolean {
  if (onTheWire() !== 0) return false
  const timers = process.getActiveResourcesInfo().filter((name) => name === 'Timeout')
  return timers.length <= standing
}
