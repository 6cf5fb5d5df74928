import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import type { RunningIntercomSandbox } from '../../connectors/intercom/sandbox/index.ts'
import { millrace } from '../support/cli.ts'
import { openSandbox } from './sandbox.ts'
import { folderWith, projectFiles } from './support.ts'

let sandbox: RunningIntercomSandbox
let cwd: string

/** Two activations, each of which inserts three people of whom Intercom has two already. */
beforeEach(async () => {
  sandbox = await openSandbox()
  const files = projectFiles(sandbox.url)
  const insert = (files['activations/people.yaml'] ?? '')
    .replace('mode: upsert', 'mode: insert')
    .replace('identifier: external_id', 'key: user_id\nguards: { max_failures: off }')
  const others = insert.replace("'people.csv'", "'others.csv'")
  cwd = await folderWith({
    ...files,
    'activations/people.yaml': insert,
    'activations/people-abroad.yaml': others,
    'activations/companies.yaml':
      'query: select 1 as id\ntarget: company\nmode: upsert\nidentifier: company_id\nfields: { company_id: id }\n',
    'others.csv': (files['people.csv'] ?? '').replaceAll('u-', 'v-').replaceAll('@', '.abroad@'),
  })
  for (const number of [1, 2]) {
    sandbox.seed({ contacts: [{ external_id: `u-${number}` }, { external_id: `v-${number}` }] })
  }
})

async function run(): Promise<{ waiting: number; create: number; failures: object }[]> {
  const { stdout, code } = await millrace(['run', 'people', 'people-abroad', '--json'], { cwd })
  expect(code).toBe(1)
  const { activations } = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '')
  return activations
    .sort((one: { activation: string }, other: { activation: string }) =>
      one.activation.localeCompare(other.activation),
    )
    .map(({ planned, failures }: { planned: Record<string, number>; failures: object }) => ({
      waiting: planned.waiting,
      create: planned.create,
      failures,
    }))
}

const failing = { new: 2, still: 0, cured: 0 }
const still = { new: 0, still: 2, cured: 0 }

const retry = (...args: string[]) => millrace(['retry', ...args], { cwd })

describe('millrace retry', () => {
  it('says that nothing waits, before the first run too', async () => {
    expect(await retry('people')).toMatchObject({
      code: 0,
      stdout: 'people: nothing waits\n',
      stderr: '',
    })
    const { stdout } = await retry('people', '--json')
    expect(JSON.parse(stdout)).toEqual({
      activations: [{ activation: 'people', released: 0 }],
      unknown_keys: [],
    })
  })

  it('releases all that waits, once, and sends nothing itself', async () => {
    const before = await run()
    expect(before).toEqual([
      { waiting: 0, create: 3, failures: failing },
      { waiting: 0, create: 3, failures: failing },
    ])
    sandbox.forgetRequests()
    expect(await retry('people')).toMatchObject({
      code: 0,
      stdout: 'people: 2 rows released, the next run sends what is still in the query\n',
      stderr: '',
    })
    expect(sandbox.requests().total).toBe(0)
    expect((await retry('people')).stdout).toBe('people: nothing waits\n')
    expect(await run()).toEqual([
      { waiting: 0, create: 2, failures: still },
      { waiting: 2, create: 0, failures: still },
    ])
  })

  it('releases the keys that are named, and names those that have no open failure', async () => {
    await run()
    const { code, stdout, stderr } = await retry(
      'people',
      '--key',
      'u-2',
      '--key',
      'u-3',
      '--key',
      'x\n',
    )
    expect({ code, stdout }).toEqual({
      code: 2,
      stdout: 'people: 1 row released, the next run sends what is still in the query\n',
    })
    expect(stderr.trimEnd().split('\n')).toEqual([
      expect.stringMatching(/no open failure of the key "u-3".*millrace failures/),
      expect.stringMatching(/no open failure of the key "x\\+n"/),
    ])
    const [people] = await run()
    expect(people).toEqual({ waiting: 1, create: 1, failures: still })
  })

  it('takes a glob: a key is unknown where none of the activations has it', async () => {
    await run()
    const { code, stdout } = await retry('people*', '--key', 'v-1', '--key', 'nobody', '--json')
    expect(code).toBe(2)
    expect(JSON.parse(stdout)).toEqual({
      activations: expect.arrayContaining([
        { activation: 'people', released: 0 },
        { activation: 'people-abroad', released: 1 },
      ]),
      unknown_keys: ['nobody'],
    })
    const all = await retry('*', '--json')
    expect(all.code).toBe(0)
    expect(JSON.parse(all.stdout)).toEqual({
      activations: expect.arrayContaining([
        { activation: 'companies', released: 0 },
        { activation: 'people', released: 2 },
        { activation: 'people-abroad', released: 1 },
      ]),
      unknown_keys: [],
    })
  })

  it('refuses a name that no activation has', async () => {
    const { code, stdout, stderr } = await retry('pepole')
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(/pepole.*people/s)
  })

  it('is part of how a run says what is new, still failing and cured', async () => {
    await run()
    // The first stays as it is, the second leaves the query, and a third is there already.
    sandbox.seed({ contacts: [{ external_id: 'u-9' }] })
    await writeFile(
      join(cwd, 'people.csv'),
      'user_id,email,full_name\nu-1,ada@example.com,Ada Marsh\nu-9,zoe@example.com,Zoe Ray\n',
    )
    const { stdout } = await millrace(['run', 'people'], { cwd })
    expect(stdout).toMatch(/^ {2}open {6}1 new, 1 still failing, 1 cured$/m)
    await retry('people', '--key', 'u-1')
    const [people] = await run()
    expect(people).toMatchObject({ waiting: 1, create: 1, failures: still })
  })
})
