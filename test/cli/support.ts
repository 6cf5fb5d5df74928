import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach } from 'vitest'

const folders: string[] = []

afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true })
})

/** A folder with these files, removed after the test. */
export async function folderWith(files: Readonly<Record<string, string>> = {}): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-cli-'))
  folders.push(folder)
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), text)
  }
  return folder
}

/** Files of a project whose people come from a CSV file. Its target is where `url` says. */
export function projectFiles(url = 'http://127.0.0.1:9'): Record<string, string> {
  return {
    'millrace.yaml': `sources:
  warehouse: { type: duckdb }
targets:
  intercom: { type: intercom, token: sandbox-token, base_url: "${url}" }
`,
    'activations/people.yaml': `query: select user_id, email, full_name from 'people.csv'
target: contact
mode: upsert
identifier: external_id
fields:
  external_id: user_id
  email: email
  name: full_name
`,
    'people.csv': `user_id,email,full_name
u-1,ada@example.com,Ada Marsh
u-2,ben@example.com,Ben Osei
u-3,chiara@example.com,Chiara Conti
`,
  }
}
