import type { IncomingMessage, ServerResponse } from 'node:http'
import * as z from 'zod/mini'
import type { FaultRuleInput } from './faults.ts'
import { type SandboxState, seedProblem } from './state.ts'

/** Where the control API begins; everything else is Intercom's. */
export const controlPrefix = '/_sandbox'

type Command = (state: SandboxState, body: unknown) => unknown

const spending = z.strictObject({ requests: z.int().check(z.minimum(0)) })
const advancing = z.strictObject({ milliseconds: z.int().check(z.minimum(0)) })

/** Every command of the control API. What it throws of a wrong body is told as a 400. */
const commands: Readonly<Record<string, Command>> = {
  'GET /_sandbox/contents': (state) => state.contents(),
  'POST /_sandbox/seed': (state, body) => state.seed(body),
  'GET /_sandbox/requests': (state) => state.log.report(),
  'DELETE /_sandbox/requests': (state) => state.log.clear(),
  'GET /_sandbox/faults': (state) => state.faults.list(),
  'POST /_sandbox/faults': (state, body) => {
    state.faults.add(body as FaultRuleInput | FaultRuleInput[])
    return state.faults.list()
  },
  'DELETE /_sandbox/faults': (state) => state.faults.clear(),
  'GET /_sandbox/settings': (state) => state.settings(),
  'PATCH /_sandbox/settings': (state, body) => {
    state.change(body as Parameters<SandboxState['change']>[0])
    return state.settings()
  },
  'POST /_sandbox/spend': (state, body) => state.rateLimit.spend(spending.parse(body).requests),
  'POST /_sandbox/advance': (state, body) => state.advance(advancing.parse(body).milliseconds),
  'POST /_sandbox/reset': (state) => state.reset(),
}

/** Answers a request to the control API, which needs no token: only this machine reaches it. */
export function control(
  state: SandboxState,
  request: IncomingMessage,
  text: string,
  response: ServerResponse,
): void {
  const command = commands[`${request.method} ${request.url}`]
  if (command === undefined) {
    send(response, 404, { error: 'No such command', commands: Object.keys(commands) })
    return
  }
  try {
    const result = command(state, text === '' ? {} : JSON.parse(text))
    send(response, 200, result ?? { done: true })
  } catch (error) {
    const message = error instanceof SyntaxError ? 'The body is not JSON' : seedProblem(error)
    send(response, 400, { error: message })
  }
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'Content-Type': 'application/json; charset=utf-8' })
  response.end(`${JSON.stringify(body)}\n`)
}
