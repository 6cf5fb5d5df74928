import { StopRunError, type TargetWorkspace } from '../../src/connector/index.ts'
import { errorsOf, workspaceIn } from './answer.ts'
import { asker, isForbidden } from './check-ask.ts'
import type { Client } from './client.ts'
import { stopMessage } from './failures.ts'

/** The workspace that a client's token leads to. */
export function workspaceBehind(client: Client): TargetWorkspace {
  return {
    get id() {
      return client.workspace
    },
    async ask(signal) {
      const reply = await asker(client, signal)({ method: 'GET', endpoint: '/me' })
      if (isForbidden(reply)) {
        throw new StopRunError(stopMessage(reply, errorsOf(reply.body)[0] ?? null))
      }
      const id = workspaceIn(reply.body)
      if (id !== null) return id
      throw new StopRunError(
        `Intercom does not say which workspace the token leads to (GET /me was answered with ${reply.status}): "millrace check" shows more.`,
      )
    },
  }
}
