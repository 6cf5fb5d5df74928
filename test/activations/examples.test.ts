import { execFileSync } from 'node:child_process'
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connectors } from '../../connectors/index.ts'
import {
  type RunningIntercomSandbox,
  startSandbox,
} from '../../connectors/intercom/sandbox/index.ts'
import { loadProject, type Project } from '../../src/config/project.ts'
import { runActivations } from '../../src/run/run.ts'
import type { CommandSummary } from '../../src/run/summary.ts'
import { VirtualClock } from '../support/virtual-clock.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

describe('the examples in activations/', () => {
  let folder: string
  let sandbox: RunningIntercomSandbox
  let project: Project
  const clock = new VirtualClock()

  async function run(): Promise<CommandSummary> {
    return runActivations({
      project,
      activations: project.activations,
      clock,
      random: () => 0.5,
      listener: () => undefined,
      signal: new AbortController().signal,
    })
  }

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'millrace-examples-'))
    for (const path of ['millrace.yaml', 'sandbox.json', 'data', 'activations', 'queries']) {
      await cp(join(root, path), join(folder, path), { recursive: true })
    }
    sandbox = await startSandbox(
      { seed: join(folder, 'sandbox.json') },
      { clock, random: () => 0.5 },
    )
    project = await loadProject({
      path: folder,
      profile: null,
      environment: { INTERCOM_BASE_URL: sandbox.url, INTERCOM_TOKEN: sandbox.token },
      connectors,
    })
  })

  afterAll(async () => {
    await sandbox?.close()
    await rm(folder, { recursive: true, force: true })
  })

  test('are valid, and ordered so that what others build on comes first', () => {
    const names = project.activations.map(({ name }) => name)
    expect([...names].sort()).toEqual(['account-activity', 'companies', 'newsletter', 'people'])
    expect(names.indexOf('companies')).toBeLessThan(names.indexOf('account-activity'))
    expect(names.indexOf('people')).toBeLessThan(names.indexOf('newsletter'))
  })

  test('deliver every row', async () => {
    const summary = await run()
    expect(summary).toMatchObject({ status: 'done', exit_code: 0 })
    const { contacts, companies } = sandbox.contents()
    expect(companies).toHaveLength(60)
    expect(contacts).toHaveLength(400)
    expect(contacts.find((contact) => contact.external_id === 'usr_20001')).toMatchObject({
      email: 'zoe.dubois@alder-health.example',
      name: 'Zoé Dubois',
      signed_up_at: Date.parse('2024-06-23T15:59:48Z') / 1000,
      custom_attributes: { job_title: 'Account Manager', logins_30d: 4, newsletter: true },
    })
    const company = companies.find((company) => company.company_id === 'acc_1001')
    expect(company).toMatchObject({ name: 'Alder Health', monthly_spend: 1131 })
    expect(company?.custom_attributes).toMatchObject({ seats: 39 })
    expect(company?.custom_attributes).toHaveProperty('active_people')
  })

  test('send nothing the second time', async () => {
    sandbox.forgetRequests()
    const summary = await run()
    expect(summary).toMatchObject({ status: 'done', exit_code: 0 })
    expect(sandbox.requests().total).toBe(0)
  })
})

test('the sample data is what its generator makes', async () => {
  const files = ['data/companies.csv', 'data/people.csv'] as const
  const folder = await mkdtemp(join(tmpdir(), 'millrace-data-'))
  try {
    await cp(join(root, 'data/generate.js'), join(folder, 'data/generate.mjs'))
    execFileSync(process.execPath, [join(folder, 'data/generate.mjs')])
    for (const file of files) {
      expect(await readFile(join(folder, file), 'utf8')).toBe(
        await readFile(join(root, file), 'utf8'),
      )
    }
  } finally {
    await rm(folder, { recursive: true })
  }
})
