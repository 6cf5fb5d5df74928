import { afterEach, expect, test } from 'vitest'
import type { TargetRecord } from '../../../src/connector/index.ts'
import { openapi } from '../../support/openapi.ts'
import { closeAll, deliverAll, operation, runAll, session } from './harness.ts'

afterEach(closeAll)

const description = openapi()

test.skipIf(description === null)(
  'requests for tags, companies of contacts and companies by id are as Intercom describes them',
  async () => {
    const { sandbox, clock, open } = await session()
    const old = { tags: ['old'] }
    const seeded = sandbox.seed({
      admins: [{ id: '7' }],
      companies: [{ company_id: 'c1', ...old }],
      contacts: [{ external_id: 'u1', companies: ['c1'], ...old }],
      conversations: [old],
    })
    const changed = (id: string | undefined, record: TargetRecord, held: TargetRecord) =>
      operation(0, record, id ?? '', { changed: Object.keys(held), held })
    const fresh = { tags: ['new'] }
    const plans = [
      {
        plan: { object: 'contact', identifier: 'external_id', createMissingCompanies: true },
        one: changed(
          seeded.contacts[0],
          { external_id: 'u1', companies: ['c2'], ...fresh },
          { companies: ['c1'], ...old },
        ),
      },
      {
        plan: { object: 'conversation', mode: 'update', identifier: 'id', adminId: '7' },
        one: changed(seeded.conversations[0], fresh, old),
      },
      {
        plan: { object: 'company', mode: 'update', identifier: 'id' },
        one: changed(seeded.companies[0], { name: 'N', size: 3, ...fresh }, { name: 'M', ...old }),
      },
      {
        plan: { object: 'company', mode: 'delete', identifier: 'company_id' },
        one: operation(0, { company_id: 'c1' }, null, { kind: 'delete' }),
      },
    ] as const
    for (const { plan, one } of plans) {
      const target = await open({ ...plan, fields: [], lists: ['tags', 'companies'] })
      const results = await runAll(clock, () => deliverAll(target, [one]))
      expect(results).toMatchObject([{ result: 'applied' }])
    }
    const { log } = sandbox.requests()
    const problems = log
      .filter(({ body }) => Object.keys(body ?? {}).length > 0)
      .flatMap(({ method, endpoint, body }) => {
        const path = endpoint.slice(method.length + 1)
        return description?.validateRequest(method, path, body) ?? []
      })
    expect(problems).toEqual([])
    expect(new Set(log.map(({ endpoint }) => endpoint))).toEqual(
      new Set([
        'GET /tags',
        'POST /tags',
        'DELETE /contacts/{id}/tags/{id}',
        'GET /companies',
        'POST /companies',
        'PUT /companies/{id}',
        'DELETE /companies/{id}',
        'POST /contacts/{id}/companies',
        'DELETE /contacts/{id}/companies/{id}',
        'POST /conversations/{id}/tags',
        'DELETE /conversations/{id}/tags/{id}',
      ]),
    )
  },
)
