import { afterEach, expect, test } from 'vitest'
import { intercom } from '../../../connectors/intercom/index.ts'
import type { Field } from '../../../src/connector/index.ts'
import { openapi } from '../../support/openapi.ts'
import { closeAll, deliverAll, never, operation, runAll, session } from './harness.ts'

afterEach(closeAll)

const description = openapi()
if (description === null) {
  console.warn("Checks against Intercom's OpenAPI description were skipped: it is not there.")
}

function sample(field: Field): string | number | boolean {
  if (field.choices?.[0] !== undefined) return field.choices[0]
  if (field.type === 'boolean') return true
  if (field.type === 'integer' || field.type === 'date') return 1_700_000_000
  if (field.name === 'avatar') return 'https://example.com/p.png'
  return field.name === 'email' ? 'p@example.com' : 'text'
}

for (const { name, fields, modes } of intercom.objects) {
  for (const identifier of modes.upsert ?? []) {
    test.skipIf(description === null)(
      `requests for a ${name} by ${identifier} are as Intercom describes them`,
      async () => {
        const attributes = [`${name}.seats:integer`]
        const { sandbox, clock, open } = await session({ attributes, search_lag_ms: 600_000 })
        const mapped = [...fields.map((field) => field.name), 'custom_attributes.seats']
        const columns = { 'custom_attributes.seats': { type: 'integer' } } as const
        const target = await open({ object: name, identifier, fields: mapped, columns })
        const values = fields
          .filter((field) => field.name !== 'owner_id' && field.name !== 'id')
          .map((field) => [field.name, sample(field)] as const)
        const record = { ...Object.fromEntries(values), 'custom_attributes.seats': 3 }
        const results = await runAll(clock, async () => {
          await target.prepare(never)
          const first = await deliverAll(target, [operation(0, record)])
          return [...first, ...(await deliverAll(target, [operation(0, record)]))]
        })
        expect(results).toMatchObject([{ result: 'applied' }, { result: 'applied' }])
        const problems = sandbox
          .requests()
          .log.filter(({ method }) => method !== 'GET')
          .flatMap(({ method, endpoint, body }) => {
            const path = endpoint.slice(method.length + 1)
            return description?.validateRequest(method, path, body) ?? []
          })
        expect(problems).toEqual([])
      },
    )
  }
}
