import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse, stringify } from 'yaml'
import { connectors } from '../../connectors/index.ts'
import { loadProject } from '../../src/config/project.ts'
import { root } from './markdown.ts'

const bases = {
  contact: {
    query: "select user_id, email from 'data/people.csv'",
    target: 'contact',
    mode: 'upsert',
    identifier: 'external_id',
    fields: { external_id: 'user_id', email: 'email' },
  },
  company: {
    query: "select account_id, name from 'data/companies.csv'",
    target: 'company',
    mode: 'upsert',
    identifier: 'company_id',
    fields: { company_id: 'account_id', name: 'name' },
  },
}
const projectBase = {
  sources: { warehouse: { type: 'duckdb' } },
  targets: { intercom: { type: 'intercom', token: 'token' } },
}
const projectKeys = ['sources', 'targets', 'state', 'retention', 'activations', 'profiles']

/**
 * Validates a piece of YAML of the docs as a user's file: a whole activation or project as it stands, a fragment of
 * one with what it leaves out filled in. Resolves to what is wrong; null where nothing is.
 */
export async function problemIn(text: string): Promise<string | null> {
  const document: unknown = parse(text.replace(/\$\{[^}]*\}/g, 'variable'))
  if (typeof document !== 'object' || document === null || Array.isArray(document)) {
    return 'is neither an activation nor a project'
  }
  const folder = await mkdtemp(join(tmpdir(), 'millrace-yaml-'))
  try {
    if (Object.keys(document).every((key) => projectKeys.includes(key))) {
      const activations = 'activations' in document ? String(document.activations) : 'activations'
      await mkdir(join(folder, activations), { recursive: true })
      await writeFile(join(folder, 'millrace.yaml'), complete(text, document, projectBase))
    } else {
      const company = 'target' in document && String(document.target).endsWith('company')
      await cp(join(root, 'activations'), join(folder, 'activations'), { recursive: true })
      await cp(join(root, 'queries'), join(folder, 'queries'), { recursive: true })
      if ('query_file' in document) {
        await writeFile(join(folder, 'activations', String(document.query_file)), 'select 1')
      }
      await writeFile(join(folder, 'millrace.yaml'), stringify(projectBase))
      await writeFile(
        join(folder, 'activations/shown.yaml'),
        complete(text, document, company ? bases.company : bases.contact),
      )
    }
    await loadProject({ path: folder, profile: null, environment: variablesIn(text), connectors })
    return null
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** The text, with the keys of `base` that it leaves out. */
function complete(text: string, document: object, base: object): string {
  const missing = Object.entries(base).filter(
    ([key]) => !(key in document || (key === 'query' && 'query_file' in document)),
  )
  return missing.length === 0 ? text : `${text}\n${stringify(Object.fromEntries(missing))}`
}

/** A value for every variable that the text refers to; URLs have to be URLs. */
function variablesIn(text: string): Record<string, string> {
  const names = [...text.matchAll(/\$\{(\w+)/g)].map((match) => match[1] ?? '')
  return Object.fromEntries(
    names.map((name) => {
      if (name.includes('BASE_URL')) return [name, 'http://127.0.0.1:4010']
      if (name.includes('URL')) return [name, 'postgres://reader:secret@127.0.0.1:5432/warehouse']
      if (name.includes('PORT')) return [name, '5432']
      return [name, 'value']
    }),
  )
}
