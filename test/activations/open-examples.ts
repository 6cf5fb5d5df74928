import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { connectors } from '../../connectors/index.ts'
import {
  type RunningIntercomSandbox,
  startSandbox,
} from '../../connectors/intercom/sandbox/index.ts'
import { loadProject, selectActivations } from '../../src/config/project.ts'
import { runActivations } from '../../src/run/run.ts'
import type { CommandSummary, RunSummary } from '../../src/run/summary.ts'
import { VirtualClock } from '../support/virtual-clock.ts'

export const root = fileURLToPath(new URL('../..', import.meta.url))

type Contents = ReturnType<RunningIntercomSandbox['contents']>
type Allowed = 'min_rows' | 'max_changes' | 'max_removals'

/** A copy of the sample project, with a sandbox as its Intercom that holds what `sandbox.json` says. */
export interface Examples {
  readonly sandbox: RunningIntercomSandbox
  /** The activations in running order. */
  readonly names: readonly string[]
  /** Runs every activation. */
  run(): Promise<CommandSummary>
  runOne(name: string, allow?: readonly Allowed[]): Promise<RunSummary>
  contacts(): Contents['contacts']
  companies(): Contents['companies']
  conversations(): Contents['conversations']
  attributes(): Contents['attributes']
  /** The only contact with this email. */
  contact(email: string): Contents['contacts'][number]
  company(companyId: string): Contents['companies'][number]
  /** Tags a contact as a person in Intercom would. */
  tag(email: string, name: string): Promise<void>
  /** Takes the row with this key out of a CSV file, and returns it. */
  cut(file: string, key: string): Promise<string>
  /** Puts rows at the end of a CSV file. */
  paste(file: string, rows: string): Promise<void>
  close(): Promise<void>
}

function only<T>(found: readonly T[], what: string): T {
  const [first] = found
  if (first === undefined || found.length > 1) throw new Error(`${found.length} of ${what}`)
  return first
}

export async function openExamples(): Promise<Examples> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-examples-'))
  for (const path of ['millrace.yaml', 'sandbox.json', 'data', 'activations', 'queries']) {
    await cp(join(root, path), join(folder, path), { recursive: true })
  }
  const clock = new VirtualClock()
  const sandbox = await startSandbox(
    { seed: join(folder, 'sandbox.json') },
    { clock, random: () => 0.5 },
  )
  const project = await loadProject({
    path: folder,
    profile: null,
    environment: { INTERCOM_BASE_URL: sandbox.url, INTERCOM_TOKEN: sandbox.token },
    connectors,
  })

  async function run(
    names: readonly string[],
    allow: readonly Allowed[] = [],
  ): Promise<CommandSummary> {
    return runActivations({
      project,
      activations: selectActivations(project, names),
      allow,
      clock,
      random: () => 0.5,
      listener: () => undefined,
      signal: new AbortController().signal,
    })
  }

  const contact = (email: string) =>
    only(
      sandbox.contents().contacts.filter((contact) => contact.email === email),
      email,
    )

  return {
    sandbox,
    names: project.activations.map(({ name }) => name),
    run: () => run([]),
    runOne: async (name, allow) => only((await run([name], allow)).activations, name),
    contacts: () => sandbox.contents().contacts,
    companies: () => sandbox.contents().companies,
    conversations: () => sandbox.contents().conversations,
    attributes: () => sandbox.contents().attributes,
    contact,
    company: (companyId) =>
      only(
        sandbox.contents().companies.filter((company) => company.company_id === companyId),
        companyId,
      ),
    async tag(email, name) {
      const response = await fetch(`${sandbox.url}/tags`, {
        method: 'POST',
        headers: {
          Accept: 'application/json',
          Authorization: `Bearer ${sandbox.token}`,
          'Intercom-Version': '2.16',
        },
        body: JSON.stringify({ name, users: [{ id: contact(email).id }] }),
      })
      if (!response.ok) throw new Error(`The tag ${name} was refused with ${response.status}.`)
    },
    async cut(file, key) {
      const path = join(folder, file)
      const lines = (await readFile(path, 'utf8')).split('\n')
      const row = only(
        lines.filter((line) => line.startsWith(`${key},`)),
        key,
      )
      await writeFile(path, lines.filter((line) => line !== row).join('\n'))
      return row
    },
    async paste(file, rows) {
      const path = join(folder, file)
      await writeFile(path, `${await readFile(path, 'utf8')}${rows}\n`)
    },
    async close() {
      await sandbox.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
