import { TryAgainError } from '../../src/connector/index.ts'
import { type Answered, errorsOf } from './answer.ts'
import type { Call, Client } from './client.ts'
import { judge } from './failures.ts'
import { priorities } from './waiting-line.ts'

/** Sends a request that only reads, and resolves to the answer: a result or a refusal, never a server error. */
export type Ask = (call: Call) => Promise<Answered>

/** Throws `TryAgainError` where Intercom cannot be reached or has an error of its own, the signal's reason once it aborts. */
export function asker(client: Client, signal: AbortSignal): Ask {
  return async (call) => {
    const reply = await client.call({ priority: priorities.search, ...call }, signal)
    if (reply.kind === 'stopped') {
      signal.throwIfAborted()
      throw new TryAgainError('The session with Intercom was closed.')
    }
    if (reply.kind === 'answered' && reply.status < 500) return reply
    const delivery = judge(reply, {})
    if (delivery.result === 'applied') throw new TryAgainError('Intercom gave no usable answer.')
    const wait = delivery.result === 'retry' ? delivery.waitMilliseconds : undefined
    throw new TryAgainError(delivery.failure.message, wait ?? null)
  }
}

/** Whether the token may not do what was asked. Source: FACTS 8. */
export function isForbidden(reply: Answered): boolean {
  return reply.status === 401 || reply.status === 403
}

/** `403 forbidden`: status and code of a refusal. */
export function refusalName(reply: Answered): string {
  const [error] = errorsOf(reply.body)
  return error === undefined ? String(reply.status) : `${reply.status} ${error.code}`
}
