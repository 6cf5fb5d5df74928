import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Answered } from '../../../connectors/intercom/answer.ts'
import { judge, rules } from '../../../connectors/intercom/failures.ts'
import { scrub } from '../../../connectors/intercom/scrub.ts'
import { errorWords } from '../../../connectors/intercom/words.ts'
import { StopRunError } from '../../../src/connector/index.ts'

function answered(status: number, code?: string, message = '', field?: string): Answered {
  const body =
    code === undefined ? undefined : { type: 'error.list', errors: [{ code, message, field }] }
  return { kind: 'answered', status, headers: {}, body, requestId: 'req-1' }
}

const expected: readonly (readonly [number, string, string, string, string])[] = [
  [400, 'parameter_invalid', 'name is odd', 'rejected', 'invalid_value'],
  [
    400,
    'parameter_invalid',
    "Custom attribute 'x' does not exist",
    'rejected',
    'unknown_attribute',
  ],
  [401, 'parameter_invalid', "Custom attribute 'x' does not exist", 'stop', ''],
  [400, 'parameter_not_found', '', 'rejected', 'rejected'],
  [400, 'parameter_missing', '', 'rejected', 'rejected'],
  [400, 'missing_parameter', '', 'rejected', 'rejected'],
  [400, 'bad_request', "bad 'test' parameter", 'rejected', 'rejected'],
  [
    400,
    'bad_request',
    'User has been marked for permanent deletion and is not restorable.',
    'rejected',
    'deleted',
  ],
  [400, 'not_restorable', '', 'rejected', 'deleted'],
  [
    400,
    'client_error',
    "Contact with user role can't be converted to a lead",
    'rejected',
    'invalid_value',
  ],
  [400, 'type_mismatch', '', 'rejected', 'invalid_value'],
  [400, 'invalid_document', '', 'rejected', 'invalid_value'],
  [400, 'invalid_merge', '', 'rejected', 'rejected'],
  [400, 'invalid_sort_order', '', 'rejected', 'rejected'],
  [400, 'contact_company_limit_exceeded', '', 'rejected', 'limit_reached'],
  [400, 'custom_data_limit_reached', '', 'rejected', 'limit_reached'],
  [400, 'scroll_exists', '', 'retry', 'rejected'],
  [400, 'tag_has_dependent_objects', '', 'rejected', 'rejected'],
  [400, 'intercom_version_invalid', '', 'stop', ''],
  [400, 'unique_company_constraint', 'Company already exists.', 'retry', 'conflict'],
  [400, 'something_new', 'who knows', 'rejected', 'rejected'],
  [401, 'unauthorized', 'Access Token Invalid', 'stop', ''],
  [401, 'token_revoked', '', 'stop', ''],
  [403, 'forbidden', '', 'stop', ''],
  [403, 'api_plan_restricted', 'Active subscription needed.', 'stop', ''],
  [403, 'action_forbidden', '', 'stop', ''],
  [404, 'not_found', 'User Not Found', 'rejected', 'not_found'],
  [404, 'company_not_found', '', 'rejected', 'not_found'],
  [404, 'admin_not_found', '', 'rejected', 'invalid_value'],
  [404, 'tag_not_found', '', 'rejected', 'not_found'],
  [404, 'field_not_found', '', 'rejected', 'unknown_attribute'],
  [404, 'job_not_found', '', 'rejected', 'not_found'],
  [405, 'method_not_allowed', '', 'rejected', 'rejected'],
  [406, 'not_acceptable', '', 'rejected', 'rejected'],
  [408, 'request_timeout', '', 'retry', 'timeout'],
  [409, 'conflict', 'Multiple existing users match this email address', 'rejected', 'conflict'],
  [
    409,
    'conflict',
    'An archived contact matching those details already exists with id=1',
    'rejected',
    'archived',
  ],
  [409, 'resource_conflict', '', 'rejected', 'conflict'],
  [409, 'unique_user_constraint', '', 'rejected', 'conflict'],
  [410, 'contact_merged', '', 'rejected', 'merged'],
  [422, 'data_invalid', '', 'rejected', 'invalid_value'],
  [422, 'unprocessable_entity', '', 'rejected', 'invalid_value'],
  [422, 'something_new', '', 'rejected', 'invalid_value'],
  [500, 'server_error', '', 'retry', 'server_error'],
  [502, '', '', 'retry', 'server_error'],
  [503, 'service_unavailable', '', 'retry', 'server_error'],
  [504, '', '', 'retry', 'timeout'],
]

describe('every documented refusal', () => {
  for (const [status, code, message, result, failureCode] of expected) {
    test(`${status} ${code} ${message}`, () => {
      const reply = answered(status, code === '' ? undefined : code, message)
      if (result === 'stop') {
        expect(() => judge(reply, {})).toThrow(StopRunError)
        return
      }
      expect(judge(reply, {})).toMatchObject({
        result,
        failure: { code: failureCode, httpStatus: status, requestId: 'req-1' },
      })
    })
  }

  test('every rule is tried above', () => {
    const tried = new Set(expected.flat())
    expect(rules.map(({ match }) => match).filter((match) => !tried.has(match))).toEqual([])
  })
})

test('an unknown refusal keeps the code that Intercom gave it', () => {
  expect(judge(answered(400, 'something_new', 'who knows'), {})).toMatchObject({
    failure: { message: 'Intercom refused the row (400 something_new): …' },
  })
})

test('a success that cannot be read confirms nothing', () => {
  expect(judge(answered(200), {})).toMatchObject({
    result: 'retry',
    failure: { code: 'server_error' },
  })
})

test('the field at fault is named as in the activation', () => {
  const record = { email: 'x', 'custom_attributes.seats': 'many', owner_id: '7' }
  const field = (message: string, name?: string) => {
    const delivery = judge(answered(400, 'parameter_invalid', message, name), record)
    return delivery.result === 'rejected' ? delivery.failure.field : null
  }
  expect(field('is bad', 'email')).toBe('email')
  expect(field('is bad', 'seats')).toBe('custom_attributes.seats')
  expect(field("Custom attribute 'seats' does not exist")).toBe('custom_attributes.seats')
  expect(field('The owner specified is not a member of the workspace')).toBe('owner_id')
  expect(field('is bad', 'elsewhere')).toBeUndefined()
})

describe('what is shown of a message', () => {
  const record = {
    external_id: '7',
    name: 'Jane Q. Doe',
    'custom_attributes.seats': 4242,
    'custom_attributes.Plan Tier': 'trial',
    email: 'jane@example.com',
  }

  test.each([
    ["Custom attribute 'seats' does not exist", "Custom attribute 'seats' does not exist"],
    [
      "Contact with user role can't be converted to a lead",
      "Contact with user role can't be converted to a lead",
    ],
    [
      'custom_attributes.seats has to be an integer, not 4242',
      'custom_attributes.seats has to be an integer, not …',
    ],
    ['jane q. doe <JANE@example.com> has 4242 seats', '…. … <…> has … seats'],
    [
      'A contact matching those details already exists with id=5ba682d23d7cf92bef87bfd4',
      'A contact matching those details already exists with id=…',
    ],
    ["value 'O’Brien' of user +49 170 555 is not valid", "value '…' of user … is not valid"],
    [
      'name is too long (maximum is 255 characters)',
      'name is too long (maximum is 255 characters)',
    ],
    ['المستخدم 名前 is required', '… is required'],
  ])('%s', (message, shown) => {
    expect(scrub(message, record)).toBe(shown)
  })

  test('no value of any row, wherever it is echoed', () => {
    const value = fc.string({ unit: 'grapheme', minLength: 1 })
    fc.assert(
      fc.property(fc.array(value), (values) => {
        const words = scrub(`Value ${values.join(' ')} is not valid`, record).split(
          /[^\p{L}\p{N}_'’.-]+/u,
        )
        const names = ['seats', 'plan', 'tier', 'name', 'email', 'external_id']
        const foreign = words.filter((word) => {
          const plain = word
            .replace(/^['’.-]+|['’.-]+$/g, '')
            .toLowerCase()
            .replace('’', "'")
          return plain !== '' && !errorWords.has(plain) && !names.includes(plain)
        })
        expect(foreign).toEqual([])
      }),
    )
  })

  test('what is no code of Intercom is not shown as one', () => {
    const reply = answered(400, 'Jane Doe', 'is not valid')
    expect(judge(reply, record)).toMatchObject({
      failure: { message: 'Intercom refused the row (400 unknown): is not valid' },
    })
  })
})

test('the message for a refused token says what to check', () => {
  expect(() => judge(answered(401, 'unauthorized', 'Access Token Invalid'), {})).toThrow(
    /refused the token \(401 unauthorized\).*region/,
  )
})

test('lost answers are tried again', () => {
  const lost = { kind: 'lost', reason: 'network', sent: true, message: 'broke' } as const
  expect(judge(lost, {})).toEqual({
    result: 'retry',
    failure: { code: 'network', message: 'broke' },
  })
})
