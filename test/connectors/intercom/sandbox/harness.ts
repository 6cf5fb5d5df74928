import { request as httpRequest } from 'node:http'
import { afterEach } from 'vitest'
import {
  type RunningIntercomSandbox,
  type SandboxOptions,
  startSandbox,
} from '../../../../connectors/intercom/sandbox/index.ts'
import { VirtualClock } from '../../../support/virtual-clock.ts'

/** An answer over real HTTP; the body as text, and parsed where it is JSON. */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly text: string
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers freely
  readonly body: any
}

export type Headers = Readonly<Record<string, string | undefined>>

export interface Harness {
  readonly sandbox: RunningIntercomSandbox
  readonly clock: VirtualClock
  /** A request as a good client sends it; a header that is undefined is left out. */
  call(method: string, path: string, body?: unknown, headers?: Headers): Promise<Answer>
}

const running: RunningIntercomSandbox[] = []

/** Ends every sandbox that the test started. */
export function closeAfterEach(): void {
  afterEach(async () => {
    for (const sandbox of running.splice(0)) await sandbox.close()
  })
}

/** A sandbox on a virtual clock, without search lag and rate limit unless they are asked for. */
export async function start(options: Partial<SandboxOptions> = {}): Promise<Harness> {
  const clock = new VirtualClock()
  const quiet = { rate_limit: 0, search_lag_ms: 0 }
  const sandbox = await startSandbox({ ...quiet, ...options }, { clock, random: numbers() })
  running.push(sandbox)
  return {
    sandbox,
    clock,
    call: (method, path, body, headers = {}) =>
      send(sandbox.url + path, method, body, {
        Authorization: `Bearer ${sandbox.token}`,
        Accept: 'application/json',
        'Content-Type': 'application/json',
        'Intercom-Version': '2.16',
        ...headers,
      }),
  }
}

/** Sends text as it is, and everything else as JSON. Rejects where the connection breaks. */
function send(url: string, method: string, body: unknown, headers: Headers): Promise<Answer> {
  const text = typeof body === 'string' || body === undefined ? body : JSON.stringify(body)
  // Node does not say by itself how long the body of a DELETE is.
  const length = text === undefined ? undefined : String(Buffer.byteLength(text))
  const sent = Object.entries({ 'Content-Length': length, ...headers }).filter(
    ([, value]) => value !== undefined,
  )
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      url,
      { method, agent: false, headers: Object.fromEntries(sent) },
      async (response) => {
        let text = ''
        try {
          for await (const chunk of response) text += chunk
        } catch (error) {
          reject(error)
        }
        const { statusCode: status = 0 } = response
        const answered = response.headers as Record<string, string>
        resolve({ status, headers: answered, text, body: parse(text) })
      },
    )
    request.on('error', reject)
    request.end(text)
  })
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Chance that is the same every time. */
function numbers(): () => number {
  let state = 1
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

/** The only error of an error list. */
export function errorOf({ status, body }: Answer) {
  const { code, message } = body.errors[0]
  return { status, code, message }
}

export const conflictWith = (id: string, what = 'A contact') => ({
  status: 409,
  code: 'conflict',
  message: `${what} matching those details already exists with id=${id}`,
})

export const archivedConflictWith = (id: string) => conflictWith(id, 'An archived contact')

export const userNotFound = { status: 404, code: 'not_found', message: 'User Not Found' }
