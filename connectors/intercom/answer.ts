import { type WindowHeaders, windowLength } from './window-budget.ts'

export type HttpHeaders = Readonly<Record<string, string | string[] | undefined>>

/** Intercom answered. */
export interface Answered {
  readonly kind: 'answered'
  readonly status: number
  readonly headers: HttpHeaders
  /** The JSON of the answer; undefined where it was empty, cut off or not JSON. */
  readonly body: unknown
  readonly requestId: string | undefined
}

/** No answer came. */
export interface Lost {
  readonly kind: 'lost'
  readonly reason: 'network' | 'timeout'
  /** False where the request surely did not reach Intercom; true where it may have been carried out. */
  readonly sent: boolean
  readonly message: string
}

/** Refused for the rate limit, more often than is waited out. */
export interface Limited {
  readonly kind: 'limited'
  readonly requestId: string | undefined
  readonly waitMilliseconds: number | null
}

/** Not sent, since the run is being stopped. */
export interface Stopped {
  readonly kind: 'stopped'
}

export type Reply = Answered | Lost | Limited | Stopped

/** One entry of Intercom's error list. Source: OAS:31183-31221. */
export interface IntercomError {
  readonly code: string
  readonly message: string
  readonly field: string | null
}

/** A property of a parsed answer, whatever the answer is. */
export function property(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined
}

/** A property that is a string with something in it, else null. */
export function text(value: unknown, name: string): string | null {
  const found = property(value, name)
  return typeof found === 'string' && found !== '' ? found : null
}

/** A property that is an array, else an empty one. */
export function list(value: unknown, name: string): readonly unknown[] {
  const found = property(value, name)
  return Array.isArray(found) ? found : []
}

/** The errors that an answer lists; empty where it lists none, as gateways' pages do. */
export function errorsOf(body: unknown): readonly IntercomError[] {
  return list(body, 'errors').map((error) => ({
    code: text(error, 'code') ?? 'unknown',
    message: text(error, 'message') ?? '',
    field: text(error, 'field'),
  }))
}

/**
 * The id of the workspace that an answer is from, where it says so: contacts name it `workspace_id`, companies `app_id`,
 * and `GET /me` the `id_code` of its app (OAS:25244, 24978, 23286). Null where it does not.
 */
export function workspaceIn(body: unknown): string | null {
  return (
    workspaceOf(body) ??
    workspaceOf(list(body, 'data')[0]) ??
    text(property(body, 'app'), 'id_code')
  )
}

function workspaceOf(record: unknown): string | null {
  const type = text(record, 'type')
  if (type === 'contact') return text(record, 'workspace_id')
  return type === 'company' ? text(record, 'app_id') : null
}

/** The JSON that a body holds; undefined where it holds none. Gateways answer with HTML or nothing (FACTS 5.1). */
export function parseBody(content: string): unknown {
  try {
    return JSON.parse(content)
  } catch {
    return undefined
  }
}

export function header(headers: HttpHeaders, name: string): string | null {
  const value = headers[name]
  return (Array.isArray(value) ? value[0] : value) ?? null
}

/** Intercom's own name of the request. Source: REC user:15170-15173, OAS:31183. */
export function requestIdOf(headers: HttpHeaders, body: unknown): string | undefined {
  return header(headers, 'x-request-id') ?? text(body, 'request_id') ?? undefined
}

function wholeNumber(headers: HttpHeaders, name: string): number | null {
  const value = header(headers, name)
  return value !== null && /^\d{1,15}$/.test(value) ? Number(value) : null
}

/**
 * What an answer says of the rate limit; null where it says nothing. The window started at the multiple of ten
 * seconds that lies twelve seconds before `X-RateLimit-Reset` (FACTS 6.2, 200 of 202 recorded answers).
 */
export function rateHeaders(headers: HttpHeaders): WindowHeaders | null {
  const limit = wholeNumber(headers, 'x-ratelimit-limit')
  const remaining = wholeNumber(headers, 'x-ratelimit-remaining')
  const reset = wholeNumber(headers, 'x-ratelimit-reset')
  if (limit === null || limit === 0 || remaining === null || reset === null) return null
  const resetAt = reset * 1000
  const start = Math.floor(resetAt / windowLength) * windowLength - windowLength
  return { limit, remaining, start, reset: resetAt }
}

/**
 * Milliseconds that `Retry-After` asks for, given as seconds or as a moment of the clock that `Date` is of (RFC 9110,
 * 10.2.3); null without it. Intercom does not document it, so it is not relied on.
 */
export function retryAfter(headers: HttpHeaders): number | null {
  const seconds = wholeNumber(headers, 'retry-after')
  if (seconds !== null) return seconds * 1000
  const [until, now] = ['retry-after', 'date'].map((name) =>
    Date.parse(header(headers, name) ?? ''),
  )
  const wait = Number(until) - Number(now)
  return Number.isNaN(wait) ? null : Math.max(0, wait)
}

/** Errors at which the connection did not come about, so that nothing was sent. */
const neverConnected = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EADDRNOTAVAIL',
  'UND_ERR_CONNECT_TIMEOUT',
])

/** Errors of TLS, which end the connection before the request. */
const refusedCertificate = /^(CERT_|ERR_TLS_|ERR_SSL_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_)/

/** What it means that a request to `origin` ended in an error instead of an answer. */
export function lostBecause(error: unknown, timedOut: boolean, origin: string): Lost {
  if (timedOut) {
    return {
      kind: 'lost',
      reason: 'timeout',
      sent: true,
      message: 'Intercom did not answer in time.',
    }
  }
  const code = errorCode(error)
  const sent = !neverConnected.has(code) && !refusedCertificate.test(code) && !cutInHandshake(error)
  const message = sent
    ? `The connection broke before Intercom's answer was complete (${code}).`
    : `Intercom could not be reached at ${origin} (${code}).`
  return { kind: 'lost', reason: 'network', sent, message }
}

/** Node gives a connection that ends during the handshake the code of any connection that breaks. */
function cutInHandshake(error: unknown): boolean {
  return text(error, 'message')?.includes('before secure TLS connection was established') === true
}

function errorCode(error: unknown): string {
  const inner = error instanceof AggregateError ? error.errors[0] : error
  return text(error, 'code') ?? text(inner, 'code') ?? 'no code'
}
