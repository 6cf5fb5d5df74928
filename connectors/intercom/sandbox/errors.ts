/** A refusal as Intercom words it: an HTTP status and one entry of its error list. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly status: number
  readonly code: string
  readonly field: string | undefined
  readonly headers: Readonly<Record<string, string>>

  constructor(
    status: number,
    code: string,
    message: string,
    options: { field?: string; headers?: Readonly<Record<string, string>> } = {},
  ) {
    super(message)
    this.status = status
    this.code = code
    this.field = options.field
    this.headers = options.headers ?? {}
  }
}

/** The body of every refusal: `{type: "error.list", request_id, errors: [{code, message, field?}]}`. */
export function errorList(requestId: string, code: string, message: string, field?: string) {
  const entry = field === undefined ? { code, message } : { code, message, field }
  return { type: 'error.list', request_id: requestId, errors: [entry] }
}

/** What Intercom says of a contact that it does not have, or has archived. */
export function userNotFound(): ApiError {
  return new ApiError(404, 'not_found', 'User Not Found')
}

export function resourceNotFound(): ApiError {
  return new ApiError(404, 'not_found', 'Resource Not Found')
}

export function companyNotFound(): ApiError {
  return new ApiError(404, 'company_not_found', 'Company Not Found')
}

export function parameterInvalid(message: string, field?: string): ApiError {
  return new ApiError(400, 'parameter_invalid', message, field === undefined ? {} : { field })
}

/** A value of the wrong JSON type. Intercom documents the code, not the words. */
export function typeMismatch(field: string, expected: string): ApiError {
  return new ApiError(400, 'type_mismatch', `${field} has to be ${expected}`, { field })
}
