import { beforeEach, expect, it } from 'vitest'
import type { RunningIntercomSandbox } from '../../connectors/intercom/sandbox/index.ts'
import { millrace } from '../support/cli.ts'
import { openGate, openSandbox } from './sandbox.ts'
import { folderWith, projectFiles } from './support.ts'

let sandbox: RunningIntercomSandbox

beforeEach(async () => {
  sandbox = await openSandbox()
  sandbox.seed({ contacts: [{ external_id: 'u-1' }, { external_id: 'u-3', name: 'As It Was' }] })
})

it('tells people and programs what was linked, in words and as one object', async () => {
  const cwd = await folderWith(projectFiles(sandbox.url))
  const { code, stdout, stderr } = await millrace(['state', 'adopt', 'people'], { cwd })
  expect(stdout).toMatch(
    /^people: 3 rows: 2 linked, 1 not found \(\d+ requests?, none of which wrote\)\n$/,
  )
  expect(stderr).not.toContain('ada@example.com')
  expect(code).toBe(0)
  const json = await millrace(['state', 'adopt', 'peop*', '--json'], { cwd })
  expect(json.code).toBe(0)
  expect(JSON.parse(json.stdout)).toEqual({
    status: 'done',
    exit_code: 0,
    activations: [
      {
        activation: 'people',
        status: 'done',
        exit_code: 0,
        rows: 3,
        linked: 0,
        already_known: 2,
        not_found: 1,
        ambiguous: 0,
        rejected: 0,
        calls: expect.any(Number),
        error: null,
      },
    ],
  })
  expect(sandbox.contents().contacts.map(({ name }) => name)).toEqual([null, 'As It Was'])
})

it('wants a name, and refuses what makes no sense with its place', async () => {
  const files = projectFiles(sandbox.url)
  const people = files['activations/people.yaml'] ?? ''
  const cwd = await folderWith({
    ...files,
    'activations/gone.yaml': people
      .replace('upsert', 'archive')
      .replace(/ {2}(email|name): .*\n/g, ''),
  })
  expect(await millrace(['state', 'adopt'], { cwd })).toMatchObject({ code: 2 })
  expect(await millrace(['state', 'adopt', 'peple'], { cwd })).toMatchObject({ code: 2 })
  const { code, stdout } = await millrace(['state', 'adopt', '*'], { cwd })
  expect(code).toBe(2)
  expect(stdout).toContain('people: 3 rows: 2 linked')
  expect(stdout).toContain(
    'gone: nothing was linked\n  activations/gone.yaml:3:7: "mode: archive" takes records away',
  )
})

it('leaves an activation alone that runs', async () => {
  const way = await openGate(sandbox.url)
  const cwd = await folderWith(projectFiles(way.url))
  const run = await millrace(['run'], {
    cwd,
    started: async (child) => {
      await way.written
      const { code, stdout } = await millrace(['state', 'adopt', 'people'], { cwd })
      expect(code).toBe(75)
      expect(stdout).toContain('Another run holds this activation since 20')
      expect(child.exitCode).toBeNull()
      way.open()
    },
  })
  expect(run.code).toBe(0)
})
