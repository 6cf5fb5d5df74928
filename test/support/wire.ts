import { subscribe } from 'node:diagnostics_channel'
import type { ServerResponse } from 'node:http'

let created = 0
let arrived = 0
let answered = 0
let received = 0

subscribe('undici:request:create', () => {
  created += 1
})
subscribe('undici:request:trailers', () => {
  received += 1
})
subscribe('undici:request:error', () => {
  received += 1
})
subscribe('http.server.request.start', (message) => {
  arrived += 1
  const { response } = message as { response: ServerResponse }
  const answer = () => {
    response.off('finish', answer).off('close', answer)
    answered += 1
  }
  response.on('finish', answer).on('close', answer)
})

/**
 * How many requests and answers are on their way between a client (undici) and a server (node:http) that both run
 * in this process. 0 while the server thinks, since then a virtual clock may move.
 */
export function onTheWire(): number {
  return created - arrived + answered - received
}

/**
 * True when nothing moves but virtual time: no request or answer is on the wire, and no real timer runs (the
 * limiter's queue yields through them) beside `standing` ones that never end.
 */
export function nothingMoves(standing = 0): boolean {
  if (onTheWire() !== 0) return false
  const timers = process.getActiveResourcesInfo().filter((name) => name === 'Timeout')
  return timers.length <= standing
}
