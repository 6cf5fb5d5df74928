import { expect, it } from 'vitest'
import { faultScenarios } from './fault-scenarios.ts'
import { undisturbed } from './matrix.ts'
import { describeMatrix } from './matrix-tests.ts'

describeMatrix(0)

const writing = [
  'GET /data_attributes',
  'GET /contacts/find_by_external_id/{external_id}',
  'POST /contacts/search',
  'POST /contacts',
  'PUT /contacts/{id}',
  'DELETE /contacts/{id}',
  'POST /contacts/{id}/archive',
  'POST /contacts/{id}/unarchive',
  'POST /contacts/{id}/companies',
  'DELETE /contacts/{id}/companies/{id}',
  'GET /tags',
  'POST /tags',
  'DELETE /contacts/{id}/tags/{id}',
  'GET /companies',
  'POST /companies',
  'DELETE /companies/{id}',
]

it('every kind of request is met', async () => {
  const met = new Set<string>()
  for (const scenario of faultScenarios) {
    for (const { requests } of await undisturbed(scenario)) {
      for (const endpoint of Object.keys(requests)) met.add(endpoint)
    }
  }
  expect([...met].sort()).toEqual([...writing].sort())
})
