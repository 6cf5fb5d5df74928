import type { IncomingMessage, ServerResponse } from 'node:http'
import { ApiError, errorList, parameterInvalid } from './errors.ts'
import { randomUuid } from './identifiers.ts'
import { type Reply, write } from './reply.ts'
import { isObject, type Json } from './request.ts'
import { findRoute } from './routes.ts'
import { requireScope } from './scopes.ts'
import { spoil } from './spoil.ts'
import type { SandboxState } from './state.ts'
import { notInThisVersion, versionNumber } from './versions.ts'

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
      ended: state.clock.now(),
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
      requireScope(found.route.scope, state.options)
      if (!valid) throw new ApiError(400, 'invalid_document', 'The body is not a JSON object')
      state.workspace.settle()
      const result = found.route.handler({
        workspace: state.workspace,
        parameters: found.parameters.map(decode),
        query: new URLSearchParams(question < 0 ? '' : path.slice(question + 1)),
        body,
        host: request.headers.host ?? '',
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
