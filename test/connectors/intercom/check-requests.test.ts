import { afterEach, expect, test } from 'vitest'
import { openapi } from '../../support/openapi.ts'
import { closeAll, never, operation, runAll, session } from './harness.ts'

afterEach(closeAll)

const description = openapi()
if (description === null) {
  console.warn("Checks against Intercom's OpenAPI description were skipped: it is not there.")
}

test.skipIf(description === null)(
  'what a check asks, and how attributes are created, is as Intercom describes it',
  async () => {
    const { sandbox, clock, open } = await session()
    const field = 'custom_attributes.seats'
    const target = await open({
      object: 'contact',
      identifier: 'external_id',
      fields: ['external_id', 'email', field],
      columns: { [field]: { type: 'integer' } },
      lists: ['tags', 'companies'],
      createAttributes: true,
    })
    const record = { external_id: 'u1', email: 'a@b.c', tags: ['VIP'], companies: ['c1'] }
    await runAll(clock, () => target.check([operation(0, record)], never))
    await runAll(clock, () => target.prepare(never))
    const asked = sandbox.requests().log.map(({ method, endpoint, body }) => ({
      path: endpoint.slice(method.length + 1),
      method,
      body,
    }))
    const posts = asked.filter(({ method }) => method === 'POST')
    expect(posts.map(({ path }) => path)).toEqual([
      '/contacts/search',
      '/contacts/search',
      '/contacts/search',
      '/data_attributes',
    ])
    const problems = posts.flatMap(
      ({ method, path, body }) => description?.validateRequest(method, path, body) ?? [],
    )
    expect(problems).toEqual([])
  },
)
