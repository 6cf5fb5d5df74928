import type { ServerResponse } from 'node:http'
import { errorList } from './errors.ts'
import type { Fault } from './faults.ts'
import type { Reply } from './reply.ts'
import type { SandboxState } from './state.ts'

/** What a fault needs of the request that it meets. */
export interface Spoiled {
  readonly handle: () => Reply
  readonly send: (reply: Reply, fault: string) => void
  readonly log: (status: number | null, fault: string) => void
  readonly response: ServerResponse
  readonly state: SandboxState
  readonly requestId: string
  readonly stopped: AbortSignal
}

/** Answers as the fault says, with the proper answer or without. */
export async function spoil(fault: Fault, spoiled: Spoiled): Promise<void> {
  const { handle, send, log, response } = spoiled
  if (fault.kind === 'slow') {
    await spoiled.state.clock.sleep(fault.milliseconds, spoiled.stopped)
    return send(handle(), fault.kind)
  }
  const proper = fault.applied ? handle() : null
  switch (fault.kind) {
    case 'status': {
      const { code = usualCode(fault.status), message = 'The sandbox was told to fail' } = fault
      const list = errorList(spoiled.requestId, code, message)
      const html = `<html><body><h1>${fault.status}</h1></body></html>`
      const body = fault.body === 'json' ? list : fault.body === 'html' ? html : ''
      const reply = { status: fault.status, body, html: fault.body === 'html' }
      return send({ ...reply, headers: fault.headers }, fault.kind)
    }
    case 'reset':
      log(null, fault.kind)
      response.socket?.resetAndDestroy()
      return
    case 'hang':
      return log(null, fault.kind)
    case 'garbage':
      return send({ status: 200, body: '{"type": <<<' }, fault.kind)
    case 'empty':
      return send({ status: 200, body: '' }, fault.kind)
    case 'truncated': {
      const whole = JSON.stringify(proper?.body ?? { type: 'list', data: [] })
      return send({ status: 200, body: whole.slice(0, whole.length / 2) }, fault.kind)
    }
  }
}

/** The code that Intercom documents for a status, where a fault names none. */
function usualCode(status: number): string {
  return usualCodes[status] ?? (status < 500 ? 'bad_request' : 'server_error')
}

const usualCodes: Readonly<Record<number, string>> = {
  401: 'unauthorized',
  403: 'forbidden',
  404: 'not_found',
  408: 'request_timeout',
  409: 'conflict',
  429: 'rate_limit_exceeded',
  503: 'service_unavailable',
}
