import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Examples, openExamples, root } from './open-examples.ts'

let examples: Examples
beforeAll(async () => {
  examples = await openExamples()
})
afterAll(() => examples?.close())

test('the examples are valid, and ordered so that what others build on comes first', async () => {
  const { names } = examples
  const files = await readdir(join(root, 'activations'))
  expect(names.map((name) => `${name}.yaml`).sort()).toEqual(files.sort())
  for (const [first, then] of [
    ['companies', 'account-activity'],
    ['companies', 'account-tiers'],
    ['companies', 'partners'],
    ['people', 'newsletter'],
  ] as const) {
    expect(names.indexOf(first), `${first} before ${then}`).toBeLessThan(names.indexOf(then))
  }
})

test('the README names each of them', async () => {
  const readme = await readFile(join(root, 'README.md'), 'utf8')
  for (const name of examples.names) expect(readme).toContain(`(activations/${name}.yaml)`)
})

test('run together, without a failure', async () => {
  const summary = await examples.run()
  const failed = summary.activations.filter(({ status }) => status !== 'done')
  expect(failed).toEqual([])
  expect(summary).toMatchObject({ status: 'done', exit_code: 0 })
})

describe('what Intercom holds then', () => {
  test('companies and account-activity: one company, written by both', () => {
    const company = examples.company('acc_1001')
    expect(company).toMatchObject({ name: 'Alder Health', monthly_spend: 1131 })
    expect(company.custom_attributes).toMatchObject({ seats: 39, active_people: 8 })
    const accounts = examples
      .companies()
      .filter(({ company_id }) => company_id?.startsWith('acc_1'))
    expect(accounts).toHaveLength(60)
  })

  test('people and newsletter: one contact, found by email what was created by external_id', () => {
    expect(examples.contact('zoe.dubois@alder-health.example')).toMatchObject({
      external_id: 'usr_20001',
      name: 'Zoé Dubois',
      signed_up_at: Date.parse('2024-06-23T15:59:48Z') / 1000,
      custom_attributes: { job_title: 'Account Manager', logins_30d: 4, newsletter: true },
    })
    const users = examples.contacts().filter(({ external_id }) => external_id?.startsWith('usr_2'))
    expect(users).toHaveLength(400)
  })

  test('partners: tags of each kind, companies that exist, and agencies that were created', () => {
    const partner = examples.contact('nadia.farouk@brightpath.example')
    expect([...partner.tags].sort()).toEqual([
      'Certified partner',
      'Partner',
      'topic: migrations',
      'topic: onboarding',
    ])
    expect([...partner.companies].sort()).toEqual(['acc_1001', 'acc_1002', 'agency_brightpath'])
    const plain = examples.contact('luis.romero@keel-advisory.example')
    expect(plain).toMatchObject({ tags: ['Partner'], companies: ['agency_keel'] })
    expect(examples.company('agency_keel').name).toBe('agency_keel')
  })

  test('trials: attributes that were created, with the type of their column', () => {
    expect(examples.contact('ada.sorensen@fernhill.example')).toMatchObject({
      state: 'active',
      phone: '+4520123456',
      signed_up_at: Date.parse('2026-01-02T09:14:00Z') / 1000,
      custom_attributes: {
        trial_plan: 'growth',
        trial_seats: 5,
        trial_ends_at: Date.parse('2026-01-16') / 1000,
      },
    })
    const types = examples
      .attributes()
      .filter(({ name }) => name.startsWith('trial_'))
      .map(({ name, type }) => [name, type])
    expect(Object.fromEntries(types)).toEqual({
      trial_plan: 'string',
      trial_seats: 'integer',
      trial_ends_at: 'date',
    })
  })

  test('lead-scores: users and leads who wrote in, and nobody new', () => {
    const user = examples.contact('ines.cardoso@tejo-foods.example')
    expect(user.custom_attributes).toMatchObject({ lead_score: 82, lead_grade: 'A' })
    expect(user.tags).toEqual(['Wrote in'])
    const lead = examples.contact('lena.virtanen@kaamos.example')
    expect(lead).toMatchObject({ role: 'lead', custom_attributes: { lead_score: 12 } })
    expect(lead.custom_attributes).not.toHaveProperty('lead_grade')
  })

  test('webinar-leads: leads', () => {
    expect(examples.contact('mina.park@hanok-studio.example')).toMatchObject({
      role: 'lead',
      name: 'Mina Park',
      custom_attributes: { webinar: 'Support at scale' },
    })
  })

  test('crm-contacts: updated where the row has an id, created where it has none', () => {
    expect(examples.contact('paula.mendes@atlantica.example')).toMatchObject({
      id: '65a4f0c2d1e8b7349a0c1101',
      name: 'Paula Mendes',
      custom_attributes: { sales_stage: 'Proposal' },
    })
    expect(examples.contact('rosa.delgado@mesa-verde.example')).toMatchObject({
      state: 'active',
      custom_attributes: { sales_stage: 'New' },
    })
  })

  test('churned-users and erasure-requests: archived, and deleted', () => {
    const states = examples
      .contacts()
      .filter(({ external_id }) => external_id?.startsWith('usr_1'))
      .map(({ external_id, state }) => [external_id, state])
    expect(Object.fromEntries(states)).toEqual({
      usr_10001: 'archived',
      usr_10002: 'archived',
      usr_10011: 'deleted',
      usr_10012: 'deleted',
    })
  })

  test('closed-accounts: the company is gone, its contacts are not', () => {
    const ids = examples.companies().map(({ company_id }) => company_id)
    expect(ids).not.toContain('acc_0901')
    expect(examples.contact('tess.morgan@quiet-harbour.example').companies).toEqual([])
  })

  test('account-tiers: tags of companies', () => {
    expect(examples.company('acc_1001').tags).toEqual(['plan: growth'])
    expect([...examples.company('acc_1003').tags].sort()).toEqual([
      'Large account',
      'plan: enterprise',
    ])
  })

  test('escalations: tags of conversations, beside those of others', () => {
    const tags = examples.conversations().map(({ id, tags }) => [id, [...tags].sort()])
    expect(Object.fromEntries(tags)).toEqual({
      '64619700005601': ['Escalated', 'Wrote in', 'topic: billing'],
      '64619700005602': ['topic: billing', 'topic: exports'],
      '64619700005603': [],
    })
  })
})

test('the second run sends nothing', async () => {
  examples.sandbox.forgetRequests()
  const summary = await examples.run()
  expect(summary).toMatchObject({ status: 'done', exit_code: 0 })
  expect(examples.sandbox.requests().total).toBe(0)
})

describe('rows that leave the query', () => {
  test('partners: lose what millrace put there, and nothing else; a return brings it back', async () => {
    const email = 'hana.ito@soloworks.example'
    const row = await examples.cut('data/partners.csv', 'par_305')
    await examples.tag(email, 'Speaker')
    // One partner of five is more than the 5% that a plan may touch without being told so.
    const refused = await examples.runOne('partners')
    expect(refused).toMatchObject({ status: 'refused', exit_code: 3 })
    expect(examples.contact(email).tags).toContain('Partner')

    const allowed = await examples.runOne('partners', ['max_removals'])
    expect(allowed).toMatchObject({ status: 'done', planned: { untag: 1 } })
    expect(examples.contact(email)).toMatchObject({
      state: 'active',
      tags: ['Speaker'],
      companies: [],
    })

    await examples.paste('data/partners.csv', row)
    expect(await examples.runOne('partners')).toMatchObject({ status: 'done' })
    expect([...examples.contact(email).tags].sort()).toEqual([
      'Certified partner',
      'Partner',
      'Speaker',
      'topic: security',
    ])
    expect(examples.contact(email).companies).toEqual(['acc_1007'])
  })

  test('trials: are archived, and come back with what they have changed', async () => {
    const email = 'finn.larsen@skerry.example'
    const row = await examples.cut('data/trials.csv', 'usr_30006')
    const left = await examples.runOne('trials')
    expect(left).toMatchObject({
      status: 'done',
      planned: { archive: 1 },
      calls: { by_endpoint: { 'POST /contacts/{id}/archive': 1 } },
    })
    expect(examples.contact(email).state).toBe('archived')

    // The second trial: another plan, and a later start, which is set at creation only.
    await examples.paste('data/trials.csv', row.replace('starter,1,2026-01', 'growth,3,2026-02'))
    expect(await examples.runOne('trials')).toMatchObject({ status: 'done' })
    expect(examples.contact(email)).toMatchObject({
      state: 'active',
      signed_up_at: Date.parse('2026-01-09T16:37:51Z') / 1000,
      custom_attributes: { trial_plan: 'growth', trial_seats: 3 },
    })
  })

  test('trials: more than the guard allows are a refused plan', async () => {
    const rows = [
      await examples.cut('data/trials.csv', 'usr_30001'),
      await examples.cut('data/trials.csv', 'usr_30002'),
    ]
    const refused = await examples.runOne('trials')
    expect(refused).toMatchObject({ status: 'refused', exit_code: 3, calls: { total: 0 } })
    expect(examples.contact('ada.sorensen@fernhill.example').state).toBe('active')
    await examples.paste('data/trials.csv', rows.join('\n'))
  })
})

test('webinar-leads: rows that change later change no lead', async () => {
  const row = await examples.cut('data/webinar.csv', '7001')
  await examples.paste('data/webinar.csv', row.replace('Mina Park', 'M. Park'))
  expect(await examples.runOne('webinar-leads')).toMatchObject({ calls: { total: 0 } })
  expect(examples.contact('mina.park@hanok-studio.example').name).toBe('Mina Park')
})
