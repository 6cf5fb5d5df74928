import { describe, expect, test } from 'vitest'
import { lostBecause, rateHeaders, retryAfter } from '../../../connectors/intercom/answer.ts'
import { readConflict, survivorOf } from '../../../connectors/intercom/conflicts.ts'

const limits = (limit: string, remaining: string, reset: string) =>
  rateHeaders({
    'x-ratelimit-limit': limit,
    'x-ratelimit-remaining': remaining,
    'x-ratelimit-reset': reset,
  })

test('the window started twelve seconds before the reset', () => {
  expect(limits('167', '5', '1611150012')).toEqual({
    limit: 167,
    remaining: 5,
    start: 1_611_150_000_000,
    reset: 1_611_150_012_000,
  })
})

test("a pause is asked for in seconds or up to a moment of the server's clock", () => {
  const date = 'Sat, 21 Nov 2026 12:00:00 GMT'
  const until = 'Sat, 21 Nov 2026 12:02:30 GMT'
  expect(retryAfter({ 'retry-after': '7' })).toBe(7_000)
  expect(retryAfter({ 'retry-after': until, date })).toBe(150_000)
  expect(retryAfter({ 'retry-after': date, date: until })).toBe(0)
  expect(retryAfter({ 'retry-after': until })).toBeNull()
  expect(retryAfter({ 'retry-after': 'soon', date })).toBeNull()
  expect(retryAfter({ date })).toBeNull()
})

test('headers that are missing or no numbers say nothing', () => {
  expect(rateHeaders({})).toBeNull()
  expect(limits('many', '5', '1611150012')).toBeNull()
  expect(limits('167', '', '1611150012')).toBeNull()
  expect(retryAfter({ 'retry-after': 'Wed, 21 Oct 2015 07:28:00 GMT' })).toBeNull()
  expect(retryAfter({ 'retry-after': '3' })).toBe(3000)
})

describe('whether a request may have reached Intercom', () => {
  for (const [code, sent] of [
    ['ECONNREFUSED', false],
    ['ENOTFOUND', false],
    ['CERT_HAS_EXPIRED', false],
    ['UND_ERR_CONNECT_TIMEOUT', false],
    ['ECONNRESET', true],
    ['UND_ERR_SOCKET', true],
  ] as const) {
    test(`${code}: ${sent ? 'perhaps' : 'surely not'}`, () => {
      expect(lostBecause({ code }, false, 'https://a.test')).toMatchObject({
        reason: 'network',
        sent,
      })
    })
  }

  test('a connection that was cut before the request could be sent', () => {
    const message =
      'Client network socket disconnected before secure TLS connection was established'
    const error = Object.assign(new Error(message), { code: 'ECONNRESET' })
    expect(lostBecause(error, false, 'https://a.test')).toMatchObject({ sent: false })
  })

  test('of several addresses that were tried, the first says why', () => {
    const error = new AggregateError([{ code: 'ECONNREFUSED' }])
    expect(lostBecause(error, false, 'https://a.test')).toMatchObject({ sent: false })
  })
})

describe('conflicts', () => {
  const conflict = (message: string) =>
    readConflict({
      kind: 'answered',
      status: 409,
      headers: {},
      requestId: undefined,
      body: { type: 'error.list', errors: [{ code: 'conflict', message }] },
    })
  test('the id stands in the text', () => {
    expect(
      conflict('A contact matching those details already exists with id=5ff2b0a47543cba3058e8b79'),
    ).toEqual({ kind: 'existing', id: '5ff2b0a47543cba3058e8b79' })
    expect(
      conflict('An archived contact matching those details already exists with id=600e1e3d'),
    ).toEqual({ kind: 'archived', id: '600e1e3d' })
    expect(conflict('Multiple existing users match this email address')).toEqual({
      kind: 'unclear',
    })
  })
  test('the survivor of a merge stands in the Link header', () => {
    const link = (value: string) =>
      survivorOf({
        kind: 'answered',
        status: 410,
        headers: { link: value },
        body: undefined,
        requestId: undefined,
      })
    expect(link('</contacts/abc123>; rel="canonical"')).toBe('abc123')
    expect(link('<https://api.intercom.io/contacts/abc123>; rel=canonical')).toBe('abc123')
    expect(link('</contacts/abc123>; rel="next"')).toBeNull()
    expect(link('')).toBeNull()
  })
})
