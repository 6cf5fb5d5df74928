import type { IncomingMessage, ServerResponse } from 'node:http'
import { ApiError, errorList, parameterInvalid } from './errors.ts'
import type { Fault } from './faults.ts'
import { randomUuid } from './identifiers.ts'
import { isObject, type Json } from './request.ts'
import { findRoute } from './routes.ts'
import type { SandboxState } from './state.ts'
import { notInThisVersion, versionNumber } from './versions.ts'

interface Reply {
  readonly status: number
  /** Text goes out as it is, everything else as JSON. */
  readonly body: unknown
  readonly html?: boolean
  readonly headers?: Readonly<Record<string, string>>
}

/** Answers a request to one of Intercom's paths, unless a fault says otherwise, and logs it. */
export async function answer(
  state: SandboxState,
  request: IncomingMessage,
  text: string,
  response: ServerResponse,
  stopped: AbortSignal,
): Promise<void> {
  const time = state.clock.now()
  const method = request.method ?? 'GET'
  const path = request.url ?? '/'
  const question = path.indexOf('?')
  const pathname = question < 0 ? path : path.slice(0, question)
  const found = findRoute(method, pathname)
  const { body, valid } = parse(text)
  const log = (status: number | null, fault: string | null) =>
    state.log.add({
      time,
      method,
      path,
      endpoint: `${method} ${found?.route.template ?? pathname}`,
      body,
      status,
      fault,
    })
  const requestId = randomUuid(state.random)
  response.setHeader('X-Request-Id', requestId)
  const send = (reply: Reply, fault: string | null = null) => {
    log(reply.status, fault)
    response.setHeader('Date', new Date(state.clock.now()).toUTCString())
    write(response, reply)
  }
  const refuse = (error: ApiError) => send(refusal(error, requestId))

  if (request.headers.authorization !== `Bearer ${state.options.token}`) {
    return refuse(new ApiError(401, 'unauthorized', 'Access Token Invalid'))
  }
  // A request counts when it arrives, whenever it is answered.
  const admission = state.rateLimit.admit()
  for (const name in admission.headers) response.setHeader(name, admission.headers[name] ?? '')
  if (!admission.allowed) {
    const message = `Exceeded rate limit of ${state.options.rate_limit} in 10_seconds`
    return refuse(new ApiError(429, 'rate_limit_exceeded', message))
  }

  if (state.options.latency_ms > 0) await state.clock.sleep(state.options.latency_ms, stopped)
  const handle = (): Reply => {
    try {
      const version = negotiate(state, request, response)
      if (found === null) throw new ApiError(404, 'not_found', 'Resource Not Found')
      if (version < found.route.since) throw notInThisVersion()
      if (!valid) throw new ApiError(400, 'invalid_document', 'The body is not a JSON object')
      const result = found.route.handler({
        workspace: state.workspace,
        parameters: found.parameters.map(decode),
        query: new URLSearchParams(question < 0 ? '' : path.slice(question + 1)),
        body,
        version,
      })
      return { status: 200, body: result }
    } catch (error) {
      if (error instanceof ApiError) return refusal(error, requestId)
      throw error
    }
  }

  const fault = state.faults.next({
    method,
    path: pathname,
    template: found?.route.template ?? null,
    body,
  })
  if (fault === null) return send(handle())
  await spoil(fault, { handle, send, log, response, state, requestId, stopped })
}

/** What a fault needs of the request that it meets. */
interface Spoiled {
  readonly handle: () => Reply
  readonly send: (reply: Reply, fault: string) => void
  readonly log: (status: number | null, fault: string) => void
  readonly response: ServerResponse
  readonly state: SandboxState
  readonly requestId: string
  readonly stopped: AbortSignal
}

async function spoil(fault: Fault, spoiled: Spoiled): Promise<void> {
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

function write(response: ServerResponse, { status, body, html, headers }: Reply): void {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  response.writeHead(status, {
    'Content-Type': html === true ? 'text/html; charset=utf-8' : 'application/json; charset=utf-8',
    'Content-Length': Buffer.byteLength(text),
    ...headers,
  })
  response.end(text)
}

function refusal(error: ApiError, requestId: string): Reply {
  return {
    status: error.status,
    body: errorList(requestId, error.code, error.message, error.field),
    headers: error.headers,
  }
}

/** The version that the request asks for, echoed in the answer. Throws 406 and 400. */
function negotiate(
  state: SandboxState,
  request: IncomingMessage,
  response: ServerResponse,
): number {
  const accept = request.headers.accept
  if (accept === undefined || !/(application|\*)\/(json|\*)/.test(accept)) {
    throw new ApiError(406, 'not_acceptable', 'The Accept header has to allow application/json')
  }
  const asked = request.headers['intercom-version']
  const name = typeof asked === 'string' ? asked : state.options.app_version
  const version = versionNumber(name)
  response.setHeader('Intercom-Version', name)
  return version
}

function parse(text: string): { readonly body: Json; readonly valid: boolean } {
  if (text === '') return { body: {}, valid: true }
  try {
    const body: unknown = JSON.parse(text)
    if (isObject(body)) return { body, valid: true }
  } catch {
    // Said below: it is no JSON.
  }
  return { body: {}, valid: false }
}

function decode(parameter: string): string {
  try {
    return decodeURIComponent(parameter)
  } catch {
    throw parameterInvalid('The path is not encoded as a URL has to be')
  }
}
