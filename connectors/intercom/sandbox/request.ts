import { ApiError, typeMismatch } from './errors.ts'
import type { Workspace } from './workspace.ts'

export type Json = Readonly<Record<string, unknown>>

/** A request to one of Intercom's endpoints, once it is known which. */
export interface ApiRequest {
  readonly workspace: Workspace
  /** The values of the `{}` in the endpoint's path, in order, decoded. */
  readonly parameters: readonly string[]
  readonly query: URLSearchParams
  /** The JSON object that was sent; empty where nothing was. */
  readonly body: Json
  /** Where the request was sent to: `127.0.0.1:4010`. */
  readonly host: string
  /** The version of the API that the request asks for, as a number: 2.16 is 216. */
  readonly version: number
}

/** What an endpoint answers with status 200; refusals are thrown as `ApiError`. */
export type Handler = (request: ApiRequest) => unknown

export function parameter(request: ApiRequest, index: number): string {
  return request.parameters[index] ?? ''
}

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

const expectations = {
  string: 'a string',
  boolean: 'true or false',
  integer: 'a whole number',
  number: 'a number',
  seconds: 'unix seconds, a whole number',
  object: 'an object',
} as const

const checks = {
  string: (value: unknown) => typeof value === 'string',
  boolean: (value: unknown) => typeof value === 'boolean',
  integer: (value: unknown) => Number.isSafeInteger(value),
  number: (value: unknown) => typeof value === 'number' && Number.isFinite(value),
  seconds: (value: unknown) => Number.isSafeInteger(value),
  object: isObject,
} as const

interface Types {
  string: string
  boolean: boolean
  integer: number
  number: number
  seconds: number
  object: Json
}

/**
 * A field of the body: undefined where it was not sent, null where null was sent.
 * Throws a 400 where it has another type.
 */
export function field<T extends keyof Types>(
  body: Json,
  name: string,
  type: T,
): Types[T] | null | undefined {
  const value = body[name]
  if (value === undefined || value === null) return value
  if (!checks[type](value)) throw typeMismatch(name, expectations[type])
  return value as Types[T]
}

/** An id in the body, which Intercom takes as a string or as a number; null where there is none. Throws a 400. */
export function idField(body: Json, name: string): string | null {
  const value = body[name]
  if (typeof value === 'number' && Number.isSafeInteger(value)) return String(value)
  return field(body, name, 'string') || null
}

/** A whole number in the query string, within bounds; the fallback where it is absent. */
export function integerQuery(
  request: ApiRequest,
  name: string,
  fallback: number,
  maximum: number = Number.MAX_SAFE_INTEGER,
): number {
  const text = request.query.get(name)
  if (text === null) return fallback
  const number = Number(text)
  if (!/^\d+$/.test(text) || number < 1 || number > maximum) {
    throw new ApiError(400, 'parameter_invalid', `${name} has to be between 1 and ${maximum}`)
  }
  return number
}
