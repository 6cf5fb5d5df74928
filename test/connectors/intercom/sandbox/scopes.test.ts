import { expect, test } from 'vitest'
import { type Scope, scopes } from '../../../../connectors/intercom/sandbox/scopes.ts'
import { closeAfterEach, errorOf, start } from './harness.ts'

closeAfterEach()

/** For each scope, requests that need it; their bodies are wrong, so that a scope goes first. */
const needing: Readonly<Record<Scope, readonly string[]>> = {
  read_users: [
    'GET /contacts/x',
    'POST /contacts/search',
    'GET /companies/x',
    'GET /contacts/x/companies',
    'GET /data_attributes',
  ],
  write_users: [
    'POST /contacts',
    'PUT /contacts/x',
    'DELETE /contacts/x',
    'POST /contacts/x/archive',
    'POST /companies',
    'POST /contacts/x/companies',
    'DELETE /contacts/x/companies/y',
  ],
  read_tags: ['GET /tags', 'GET /contacts/x/tags'],
  write_tags: [
    'POST /tags',
    'DELETE /tags/1',
    'POST /contacts/x/tags',
    'DELETE /contacts/x/tags/1',
    'POST /conversations/1/tags',
  ],
  write_data_attributes: ['POST /data_attributes', 'PUT /data_attributes/1'],
  read_conversations: ['GET /conversations/1'],
  read_admins: ['GET /admins'],
}

test.each(scopes)(
  'a token without %s is refused what needs it, and nothing else',
  async (scope) => {
    const { call, sandbox } = await start({ without_scopes: [scope] })
    const refused = async (request: string) => {
      const [method = '', path = ''] = request.split(' ')
      return (await call(method, path)).body.errors?.[0].code === 'token_unauthorized'
    }
    for (const other of scopes) {
      for (const request of needing[other]) {
        expect([request, await refused(request)]).toEqual([request, other === scope])
      }
    }
    expect((await call('GET', '/me')).status).toBe(200)
    expect(sandbox.contents().contacts).toEqual([])
  },
)

test.each([
  ['unauthorized', 401, 'token_unauthorized'],
  ['forbidden', 403, 'forbidden'],
] as const)('the refusal may be %s', async (missing_scope, status, code) => {
  const { call, sandbox } = await start({ missing_scope })
  expect((await call('GET', '/tags')).status).toBe(200)
  sandbox.change({ without_scopes: ['read_tags'] })
  expect(errorOf(await call('GET', '/tags'))).toEqual({
    status,
    code,
    message: 'Not authorized to access resource',
  })
})

test('a scope that does not exist is refused', async () => {
  await expect(start({ without_scopes: ['write_all' as Scope] })).rejects.toThrow('without_scopes')
})
