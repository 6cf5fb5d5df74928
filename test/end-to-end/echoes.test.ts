import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { openStateStore } from '../../src/state/index.ts'
import { openWorkspace, people, peopleActivation, type Workspace } from '../support/workspace.ts'

let workspace: Workspace
afterEach(() => workspace.close())

/** Of other rows of the same request, and of somebody in Intercom. */
const foreign = ['Person Number 2', 'user-1', 'person1@example.com', '+49 170 5550123', 'Jane Doe']

it.each([
  ['POST', '/contacts'],
  ['POST', '/tags'],
])('%s %s: what Intercom echoes of other rows stands in no failure', async (method, path) => {
  workspace = await openWorkspace()
  await workspace.write(
    'activations/people.yaml',
    `${peopleActivation}tags: [{ name: Warehouse }]\n`,
  )
  await workspace.writePeople(people(3))
  workspace.sandbox.faults.add({
    method,
    path,
    times: null,
    fault: {
      kind: 'status',
      status: 400,
      code: 'parameter_invalid',
      message: `The value '${foreign.join(', ')}' is not valid`,
    },
  })
  const events: unknown[] = []
  const summary = await workspace.runOne({ listener: (event) => events.push(event) })
  expect(summary.outcomes.applied).toBe(0)
  const store = await openStateStore({
    location: { kind: 'sqlite', file: join(workspace.folder, '.millrace', 'state.db') },
    clock: workspace.clock,
    create: false,
  })
  const messages: string[] = []
  for await (const batch of store.failures({ activation: 'people' })) {
    messages.push(...batch.map(({ message }) => message))
  }
  await store.close()
  expect(messages).toHaveLength(3)
  for (const message of messages) expect(message).toMatch(/400 parameter_invalid.*is not valid/)
  const shown = JSON.stringify([messages, summary, events])
  for (const value of foreign) expect(shown).not.toContain(value)
})
