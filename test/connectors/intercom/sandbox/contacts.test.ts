import { describe, expect, test } from 'vitest'
import type { SandboxOptions } from '../../../../connectors/intercom/sandbox/index.ts'
import {
  archivedConflictWith,
  closeAfterEach,
  conflictWith,
  errorOf,
  start,
  userNotFound,
} from './harness.ts'

closeAfterEach()

const severalHold = {
  status: 409,
  code: 'conflict',
  message: 'Multiple existing users match this email address - must be more specific using user_id',
}

type Before = {
  external_id?: string
  email?: string
  role?: 'user' | 'lead'
  state?: 'active' | 'archived' | 'deleted'
}

describe('create', () => {
  interface Case {
    readonly what: string
    readonly there: readonly Before[]
    readonly body: object
    /** The place in `there` of the contact that a conflict names; null where the contact is created. */
    readonly conflict: { of: number; archived?: boolean } | 'several' | null
    readonly options?: Partial<SandboxOptions>
  }
  const named = { external_id: 'u1', email: 'ann@example.com' }
  const unnamed = { email: 'ann@example.com' }
  const cases: readonly Case[] = [
    { what: 'a user like no other', there: [], body: named, conflict: null },
    {
      what: 'a taken external_id',
      there: [named],
      body: { external_id: 'u1' },
      conflict: { of: 0 },
    },
    {
      what: 'an external_id that an archived user holds',
      there: [{ ...named, state: 'archived' }],
      body: { external_id: 'u1' },
      conflict: { of: 0, archived: true },
    },
    {
      what: 'an external_id that a deleted user holds',
      there: [{ ...named, state: 'deleted' }],
      body: { external_id: 'u1' },
      conflict: { of: 0, archived: true },
    },
    {
      what: 'an external_id that an active and an archived user hold',
      there: [{ ...named, state: 'archived' }, named],
      body: { external_id: 'u1' },
      conflict: { of: 1 },
    },
    { what: 'nothing but a taken email', there: [named], body: unnamed, conflict: { of: 0 } },
    {
      what: 'nothing but a taken email in other letters',
      there: [named],
      body: { email: ' Ann@Example.com' },
      conflict: { of: 0 },
    },
    {
      what: 'nothing but an email that an archived user holds',
      there: [{ ...unnamed, state: 'archived' }],
      body: unnamed,
      conflict: { of: 0, archived: true },
    },
    {
      what: 'nothing but an email that two users hold',
      there: [named, { ...named, external_id: 'u2' }],
      body: unnamed,
      conflict: 'several',
    },
    {
      what: 'the email of a user with another external_id',
      there: [named],
      body: { ...named, external_id: 'u2' },
      conflict: null,
    },
    {
      what: 'the email of a user without external_id',
      there: [unnamed],
      body: named,
      conflict: null,
    },
    {
      what: 'the email of a user without external_id, where that is a conflict',
      there: [unnamed],
      body: named,
      conflict: { of: 0 },
      options: { email_adoption: 'conflict' },
    },
    {
      what: 'the email of a lead',
      there: [{ ...unnamed, role: 'lead' }],
      body: unnamed,
      conflict: null,
    },
    {
      what: 'a lead with a taken email',
      there: [named],
      body: { role: 'lead', ...unnamed },
      conflict: null,
    },
  ]

  test.each(cases)('$what', async ({ there, body, conflict, options }) => {
    const { call, sandbox } = await start(options)
    const { contacts } = sandbox.seed({ contacts: [...there] })
    const answer = await call('POST', '/contacts', body)
    if (conflict === null) {
      expect(answer.status).toBe(200)
      expect(sandbox.contents().contacts).toHaveLength(there.length + 1)
      return
    }
    expect(sandbox.contents().contacts).toHaveLength(there.length)
    if (conflict === 'several') expect(errorOf(answer)).toEqual(severalHold)
    else {
      const id = contacts[conflict.of] ?? ''
      const expected = conflict.archived ? archivedConflictWith(id) : conflictWith(id)
      expect(errorOf(answer)).toEqual(expected)
    }
  })

  test('a lead gets a UUID in place of the external_id that was sent', async () => {
    const { call } = await start()
    const { body } = await call('POST', '/contacts', { role: 'lead', external_id: 'mine' })
    expect(body.external_id).toMatch(
      /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$/,
    )
  })

  test('what was sent comes back, in the shapes that Intercom answers', async () => {
    const { call } = await start({ attributes: ['contact.seats:integer'] })
    const sent = {
      external_id: 'u1',
      email: 'ann@example.com',
      name: 'Ann',
      phone: '+353 1',
      avatar: 'https://example.com/a.png',
      owner_id: '1',
      signed_up_at: 1_700_000_000,
      last_seen_at: 1_700_000_001,
      unsubscribed_from_emails: true,
      custom_attributes: { seats: 3 },
    }
    const { body } = await call('POST', '/contacts', sent)
    expect(body).toMatchObject({
      ...sent,
      role: 'user',
      avatar: { type: 'avatar', image_url: sent.avatar },
      created_at: Date.UTC(2026, 0, 1) / 1000,
    })
    expect(body.id).toMatch(/^[0-9a-f]{24}$/)
    const older = await call('GET', `/contacts/${body.id}`, undefined, {
      'Intercom-Version': '2.15',
    })
    expect(older.body.owner_id).toBe(1)
  })

  const wrong: readonly (readonly [object, string])[] = [
    [{}, 'parameter_missing'],
    [{ external_id: 5 }, 'type_mismatch'],
    [{ email: true }, 'type_mismatch'],
    [{ external_id: 'u', name: 7 }, 'type_mismatch'],
    [{ external_id: 'u', signed_up_at: '2026-01-01' }, 'type_mismatch'],
    [{ external_id: 'u', signed_up_at: 1.5 }, 'type_mismatch'],
    [{ external_id: 'u', unsubscribed_from_emails: 'yes' }, 'type_mismatch'],
    [{ external_id: 'u', custom_attributes: [] }, 'type_mismatch'],
    [{ external_id: 'u', role: 'admin' }, 'parameter_invalid'],
    [{ external_id: 'u', owner_id: '99' }, 'parameter_invalid'],
    [{ external_id: 'u', email_verified: true }, 'parameter_invalid'],
  ]
  test.each(wrong)('refuses %j', async (body, code) => {
    const { call, sandbox } = await start()
    expect(errorOf(await call('POST', '/contacts', body))).toMatchObject({ status: 400, code })
    expect(sandbox.contents().contacts).toHaveLength(0)
  })
})

describe('update', () => {
  const ann = { external_id: 'u1', email: 'ann@example.com', name: 'Ann', phone: '1' }

  interface Change {
    readonly what: string
    readonly body: object
    readonly answered: object
    /** What a later look-up says, where that differs. */
    readonly kept?: object
  }
  const changes: readonly Change[] = [
    { what: 'keeps what is left out', body: { name: 'B' }, answered: { ...ann, name: 'B' } },
    {
      what: 'clears name and phone',
      body: { name: null, phone: null },
      answered: { name: null, phone: null },
    },
    { what: 'changes external_id', body: { external_id: 'u9' }, answered: { external_id: 'u9' } },
    {
      what: 'ignores a null external_id',
      body: { external_id: null },
      answered: { external_id: 'u1' },
    },
    {
      what: 'answers a cleared email as "" and keeps null',
      body: { email: null },
      answered: { email: '' },
      kept: { email: null },
    },
    {
      what: 'keeps a cleared custom attribute with null, and the others',
      body: { custom_attributes: { plan: null } },
      answered: { custom_attributes: { plan: null, seats: 2 } },
    },
    {
      what: 'may share the email of a user with another external_id',
      body: { email: 'bob@example.com' },
      answered: { email: 'bob@example.com' },
    },
    {
      what: 'may take the external_id of an archived user',
      body: { external_id: 'archived' },
      answered: { external_id: 'archived' },
    },
  ]
  test.each(changes)('$what', async ({ body, answered, kept = answered }) => {
    const { call, sandbox } = await start({
      attributes: ['contact.plan:string', 'contact.seats:integer'],
    })
    const { contacts } = sandbox.seed({
      contacts: [
        { ...ann, custom_attributes: { plan: 'pro', seats: 2 } },
        { external_id: 'u2', email: 'bob@example.com' },
        { external_id: 'archived', state: 'archived' },
      ],
    })
    const path = `/contacts/${contacts[0]}`
    const answer = await call('PUT', path, body)
    expect(answer.status).toBe(200)
    expect(answer.body).toMatchObject(answered)
    expect((await call('GET', path)).body).toMatchObject(kept)
  })

  test('refuses the external_id of an active user, and names that user', async () => {
    const { call, sandbox } = await start()
    const { contacts } = sandbox.seed({ contacts: [ann, { external_id: 'u2' }] })
    const answer = await call('PUT', `/contacts/${contacts[0]}`, { external_id: 'u2' })
    expect(errorOf(answer)).toEqual(conflictWith(contacts[1] ?? ''))
  })

  test('gives a user with an email alone an external_id', async () => {
    const { call, sandbox } = await start()
    const { contacts } = sandbox.seed({ contacts: [{ email: 'ann@example.com' }] })
    const { body } = await call('PUT', `/contacts/${contacts[0]}`, { external_id: 'u1' })
    expect(body.external_id).toBe('u1')
    expect((await call('GET', '/contacts/find_by_external_id/u1')).body.id).toBe(contacts[0])
  })

  test('makes a lead a user, never a user a lead', async () => {
    const { call, sandbox } = await start()
    const { contacts } = sandbox.seed({ contacts: [{ role: 'lead', email: 'l@example.com' }] })
    const path = `/contacts/${contacts[0]}`
    const { body } = await call('PUT', path, { role: 'user', external_id: 'u1' })
    expect(body).toMatchObject({ role: 'user', external_id: 'u1' })
    expect(errorOf(await call('PUT', path, { role: 'lead' }))).toEqual({
      status: 400,
      code: 'client_error',
      message: "Contact with user role can't be converted to a lead",
    })
  })

  test.each([
    ['an archived contact', 'archived'],
    ['a deleted contact', 'deleted'],
    ['no contact', null],
  ] as const)('does not find %s', async (_what, state) => {
    const { call, sandbox } = await start()
    const { contacts } = sandbox.seed({ contacts: state === null ? [] : [{ ...ann, state }] })
    const path = `/contacts/${contacts[0] ?? 'none'}`
    expect(errorOf(await call('PUT', path, { name: 'B' }))).toEqual(userNotFound)
    expect(errorOf(await call('GET', path))).toEqual(userNotFound)
    expect(errorOf(await call('GET', '/contacts/find_by_external_id/u1'))).toEqual(userNotFound)
  })
})

describe('life', () => {
  test('archive and unarchive', async () => {
    const { call } = await start()
    const { id } = (await call('POST', '/contacts', { external_id: 'u1' })).body
    const archived = await call('POST', `/contacts/${id}/archive`)
    expect(archived.body).toEqual({ type: 'contact', id, external_id: 'u1', archived: true })
    expect((await call('GET', `/contacts/${id}`)).status).toBe(404)
    const back = await call('POST', `/contacts/${id}/unarchive`)
    expect(back.body).toEqual({ type: 'contact', id, external_id: 'u1', archived: false })
    expect((await call('GET', `/contacts/${id}`)).status).toBe(200)
  })

  test('what was taken meanwhile does not come back twice', async () => {
    const { call, sandbox } = await start()
    const { contacts } = sandbox.seed({
      contacts: [{ external_id: 'u1', state: 'archived' }, { external_id: 'u1' }],
    })
    const answer = await call('POST', `/contacts/${contacts[0]}/unarchive`)
    expect(errorOf(answer)).toEqual(conflictWith(contacts[1] ?? ''))
  })

  test('a deleted contact cannot come back and still blocks its keys', async () => {
    const { call } = await start()
    const sent = { external_id: 'u1', email: 'ann@example.com' }
    const { id } = (await call('POST', '/contacts', sent)).body
    const deleted = await call('DELETE', `/contacts/${id}`)
    expect(deleted.body).toEqual({ type: 'contact', id, external_id: 'u1', deleted: true })
    expect(errorOf(await call('POST', `/contacts/${id}/unarchive`))).toEqual({
      status: 400,
      code: 'bad_request',
      message: 'User has been marked for permanent deletion and is not restorable.',
    })
    expect(errorOf(await call('POST', '/contacts', sent))).toEqual(archivedConflictWith(id))
    expect(errorOf(await call('DELETE', `/contacts/${id}`))).toEqual(userNotFound)
  })

  test('a merged lead leads to the user, from 2.16 on', async () => {
    const { call } = await start()
    const email = 'ann@example.com'
    const lead = (await call('POST', '/contacts', { role: 'lead', email })).body
    const user = (await call('POST', '/contacts', { external_id: 'u1', email })).body
    const merged = await call('POST', '/contacts/merge', { from: lead.id, into: user.id })
    expect(merged.body.id).toBe(user.id)
    for (const [method, path] of [
      ['GET', `/contacts/${lead.id}`],
      ['PUT', `/contacts/${lead.id}`],
      ['GET', `/contacts/find_by_external_id/${lead.external_id}`],
    ] as const) {
      const answer = await call(method, path)
      expect(errorOf(answer)).toMatchObject({ status: 410, code: 'contact_merged' })
      expect(answer.headers.link).toBe(`</contacts/${user.id}>; rel="canonical"`)
    }
    const older = { 'Intercom-Version': '2.15' }
    const before = await call('GET', `/contacts/${lead.id}`, undefined, older)
    expect(errorOf(before)).toEqual(userNotFound)
  })

  test.each([
    ['PUT', ''],
    ['DELETE', ''],
    ['POST', '/archive'],
    ['POST', '/unarchive'],
    ['POST', '/tags'],
    ['POST', '/companies'],
  ])('%s {id}%s to a merged contact is 410, or 404', async (method, path) => {
    const { call, sandbox } = await start()
    sandbox.seed({
      contacts: [
        { id: 'a', state: 'merged', merged_into: 'b' },
        { id: 'b', external_id: 'u1' },
      ],
    })
    const write = () => call(method, `/contacts/a${path}`, method === 'PUT' ? { name: 'x' } : {})
    const answer = await write()
    expect(errorOf(answer)).toMatchObject({ status: 410, code: 'contact_merged' })
    expect(answer.headers.link).toBe('</contacts/b>; rel="canonical"')
    sandbox.change({ merged_writes: 'not_found' })
    expect(errorOf(await write())).toEqual(userNotFound)
    expect((await call('GET', '/contacts/a')).status).toBe(410)
  })

  test('merges lead on to one another', async () => {
    const { call, sandbox } = await start()
    sandbox.seed({
      contacts: [
        { id: 'a', state: 'merged', merged_into: 'b' },
        { id: 'b', state: 'merged', merged_into: 'c' },
        { id: 'c', external_id: 'u1' },
      ],
    })
    const follow = async (path: string): Promise<string> => {
      const { headers, body } = await call('GET', path)
      const next = /<(.+)>/.exec(headers.link ?? '')?.[1]
      return next === undefined ? body.id : follow(next)
    }
    expect(await follow('/contacts/a')).toBe('c')
  })

  test('a user gets the tags and companies of the lead', async () => {
    const { call, sandbox } = await start()
    const { contacts } = sandbox.seed({
      companies: [{ company_id: 'c1' }, { company_id: 'c2' }],
      contacts: [
        { role: 'lead', tags: ['a', 'b'], companies: ['c1', 'c2'] },
        { external_id: 'u1', tags: ['b', 'c'], companies: ['c2'] },
      ],
    })
    const [from, into] = contacts
    await call('POST', '/contacts/merge', { from, into, skip_duplicate_validation: true })
    expect(sandbox.contents().contacts[1]).toMatchObject({
      tags: ['b', 'c', 'a'],
      companies: ['c2', 'c1'],
    })
  })

  test('archiving keeps tags and companies', async () => {
    const { call, sandbox } = await start()
    const { contacts } = sandbox.seed({
      companies: [{ company_id: 'c1' }],
      contacts: [{ tags: ['a'], companies: ['c1'] }],
    })
    await call('POST', `/contacts/${contacts[0]}/archive`)
    await call('POST', `/contacts/${contacts[0]}/unarchive`)
    expect(sandbox.contents().contacts).toMatchObject([{ tags: ['a'], companies: ['c1'] }])
  })

  test('a deleted contact may block its keys for some time only', async () => {
    const { call, sandbox } = await start({ deleted_blocks_ms: 60_000 })
    const sent = { external_id: 'u1', email: 'ann@example.com' }
    const { id } = (await call('POST', '/contacts', sent)).body
    await call('DELETE', `/contacts/${id}`)
    expect(errorOf(await call('POST', '/contacts', sent))).toEqual(archivedConflictWith(id))
    const emailOnly = { email: sent.email }
    expect(errorOf(await call('POST', '/contacts', emailOnly))).toEqual(archivedConflictWith(id))
    sandbox.advance(60_000)
    expect((await call('POST', '/contacts', sent)).status).toBe(200)
  })

  test('unarchiving fails while a deletion is under way', async () => {
    const { call, sandbox } = await start({ deleting_ms: 10_000 })
    const { id } = (await call('POST', '/contacts', { external_id: 'u1' })).body
    await call('DELETE', `/contacts/${id}`)
    const unarchive = () => call('POST', `/contacts/${id}/unarchive`)
    expect(errorOf(await unarchive())).toMatchObject({ status: 500, code: 'server_error' })
    sandbox.advance(10_000)
    expect(errorOf(await unarchive())).toMatchObject({ status: 400, code: 'bad_request' })
  })

  test('only duplicates are merged, and only a lead into a user', async () => {
    const { call, sandbox } = await start()
    const { contacts } = sandbox.seed({
      contacts: [{ role: 'lead', email: 'a@example.com' }, { external_id: 'u1' }],
    })
    const [from, into] = contacts
    const refused = { status: 400, code: 'invalid_merge' }
    const merge = (body: object) => call('POST', '/contacts/merge', body)
    expect(errorOf(await merge({ from, into }))).toMatchObject(refused)
    expect(errorOf(await merge({ from: into, into: from }))).toMatchObject(refused)
    expect((await merge({ from, into, skip_duplicate_validation: true })).status).toBe(200)
  })

  test('a look-up by external_id finds users alone, whatever the id is made of', async () => {
    const { call, sandbox } = await start()
    const external_id = 'a/b c?ü'
    const { contacts } = sandbox.seed({
      contacts: [{ external_id: 'l', role: 'lead' }, { external_id }],
    })
    const path = '/contacts/find_by_external_id/'
    expect((await call('GET', path + encodeURIComponent(external_id))).body.id).toBe(contacts[1])
    expect(errorOf(await call('GET', `${path}l`))).toEqual(userNotFound)
  })

  test('the list is walked by cursor and leaves out what is archived', async () => {
    const { call, sandbox } = await start()
    const people = Array.from({ length: 7 }, (_, n) => ({ external_id: `u${n}` }))
    sandbox.seed({ contacts: [...people, { external_id: 'gone', state: 'archived' }] })
    const seen: string[] = []
    let cursor = ''
    do {
      const { body } = await call('GET', `/contacts?per_page=3${cursor}`)
      expect(body.total_count).toBe(7)
      seen.push(...body.data.map((contact: { external_id: string }) => contact.external_id))
      const after = body.pages.next?.starting_after
      cursor = after === undefined ? '' : `&starting_after=${after}`
    } while (cursor !== '')
    expect(seen).toEqual(people.map((person) => person.external_id))
    expect((await call('GET', '/contacts?per_page=151')).status).toBe(400)
    expect((await call('GET', '/contacts?starting_after=xyz')).status).toBe(400)
  })
})
