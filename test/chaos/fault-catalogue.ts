import type { FaultRuleInput } from '../../connectors/intercom/sandbox/faults.ts'
import type { Trouble } from './network.ts'

type Fault = FaultRuleInput['fault']

/** Something that goes wrong with one request, or with all from one on. */
export interface TestedFault {
  readonly fault: Fault
  /** What becomes of the way to Intercom with the request's connection. */
  readonly network?: Trouble
  /** The run has to end at once, with exit code 4. */
  readonly stops?: true
  /** From when on Intercom may be asked again where it answered so at that moment, both by its own clock. */
  readonly askAgain?: (answeredAt: number) => number
  /** How far Intercom's clock is ahead, in milliseconds. */
  readonly ahead?: number
  /** Requests that Intercom takes in a window of ten seconds, and says so; without, it says nothing of a limit. */
  readonly rateLimit?: number
}

const status = (code: number, body: 'json' | 'html' | 'empty', more: object = {}): Fault => ({
  kind: 'status',
  status: code,
  body,
  ...more,
})

/** A refusal for the rate limit with its headers: Intercom names a moment of its own clock. */
const limited = (more: Partial<TestedFault> = {}): TestedFault => ({
  fault: status(429, 'json'),
  rateLimit: 1666,
  askAgain: (answeredAt) => Math.floor(answeredAt / 10_000) * 10_000 + 12_000,
  ...more,
})

const retryAfter = (code: number, seconds: number): TestedFault => ({
  fault: status(code, 'html', { headers: { 'Retry-After': String(seconds) } }),
  askAgain: (answeredAt) => answeredAt + seconds * 1000,
})

const cut: Fault = { kind: 'reset', applied: false }

export const faults: Readonly<Record<string, TestedFault>> = {
  'reset before applying': { fault: cut },
  'reset after applying': { fault: { kind: 'reset', applied: true } },
  'hang before applying': { fault: { kind: 'hang', applied: false } },
  'hang after applying': { fault: { kind: 'hang', applied: true } },
  'slow, in time': { fault: { kind: 'slow', milliseconds: 20_000 } },
  'slow, too late': { fault: { kind: 'slow', milliseconds: 45_000 } },
  'name not found': { fault: cut, network: 'name' },
  'connection refused': { fault: cut, network: 'refused' },
  'connection refused, after applying': {
    fault: { kind: 'reset', applied: true },
    network: 'refused',
  },
  'certificate not trusted': { fault: cut, network: 'certificate' },
  'TLS handshake cut': { fault: cut, network: 'handshake' },
  '401': { fault: status(401, 'json'), stops: true },
  '403': { fault: status(403, 'json'), stops: true },
  '408': { fault: status(408, 'json') },
  '408 after applying': { fault: status(408, 'json', { applied: true }) },
  '429 with the limit': limited(),
  '429, clock seven minutes ahead': limited({ ahead: 420_000 }),
  '429, clock seven minutes behind': limited({ ahead: -420_000 }),
  '429 with Retry-After': retryAfter(429, 7),
  '429 without headers': { fault: status(429, 'html') },
  '500 JSON': { fault: status(500, 'json') },
  '500 after applying': { fault: status(500, 'json', { applied: true }) },
  '502 HTML': { fault: status(502, 'html') },
  '503 JSON': { fault: status(503, 'json') },
  '503 empty, after applying': { fault: status(503, 'empty', { applied: true }) },
  '503 with Retry-After': retryAfter(503, 50),
  '504 HTML': { fault: status(504, 'html') },
  '504 after applying': { fault: status(504, 'html', { applied: true }) },
  'truncated JSON': { fault: { kind: 'truncated', applied: true } },
  garbage: { fault: { kind: 'garbage', applied: true } },
  'garbage in place of the effect': { fault: { kind: 'garbage', applied: false } },
  'empty 200': { fault: { kind: 'empty', applied: true } },
  'empty 200 in place of the effect': { fault: { kind: 'empty', applied: false } },
}
