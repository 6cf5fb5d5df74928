import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { onTestFinished } from 'vitest'
import { z } from 'zod'
import * as mini from 'zod/mini'
import type { Activation } from '../../src/config/activation.ts'
import { loadProject, type Project } from '../../src/config/project.ts'
import {
  ConfigurationError,
  type Connectors,
  type Field,
  type SourceConnector,
  secretOption,
  type TargetConnector,
  type TargetObject,
} from '../../src/connector/index.ts'

const field = (name: string, type: Field['type'], more: Partial<Field> = {}): Field => ({
  name,
  type,
  description: `The ${name}.`,
  ...more,
})

const custom = {
  prefix: 'custom_attributes.',
  field: { type: 'any', description: 'An attribute of the workspace.' },
} as const

const contact: TargetObject = {
  name: 'contact',
  description: 'A person.',
  order: 2,
  fields: [
    field('id', 'string', { nullable: false }),
    field('external_id', 'string', { nullable: false }),
    field('email', 'string', { caseInsensitive: true }),
    field('name', 'string', { maxLength: 10 }),
    field('role', 'string', { choices: ['user', 'lead'] }),
    field('signed_up_at', 'date'),
    field('unsubscribed_from_emails', 'boolean'),
  ],
  custom,
  modes: {
    upsert: ['id', 'external_id', 'email'],
    update: ['id', 'external_id', 'email'],
    insert: [],
    delete: ['id', 'external_id', 'email'],
    archive: ['id', 'external_id', 'email'],
  },
  lists: ['tags', 'companies'],
  removals: ['keep', 'archive', 'delete', 'untag'],
  unarchives: true,
  tagsNeedAdmin: false,
  requiresOneOf: ['external_id', 'email'],
}

const company: TargetObject = {
  name: 'company',
  description: 'An organisation.',
  order: 1,
  fields: [
    field('id', 'string', { nullable: false }),
    field('company_id', 'string'),
    field('name', 'string'),
    field('size', 'integer', { minimum: 0, maximum: 1000 }),
    field('monthly_spend', 'float'),
  ],
  custom,
  modes: {
    upsert: ['id', 'company_id'],
    update: ['id', 'company_id'],
    insert: [],
    delete: ['id', 'company_id'],
  },
  lists: ['tags'],
  removals: ['keep', 'delete', 'untag'],
  unarchives: false,
  tagsNeedAdmin: false,
  requiresOneOf: ['company_id'],
}

const conversation: TargetObject = {
  name: 'conversation',
  description: 'A talk.',
  order: 3,
  fields: [field('id', 'string', { nullable: false })],
  modes: { update: ['id'] },
  lists: ['tags'],
  removals: ['keep', 'untag'],
  unarchives: false,
  tagsNeedAdmin: true,
  requiresOneOf: [],
}

const unopened = () => Promise.reject(new Error('tests of the configuration open nothing'))

const postgres: SourceConnector = {
  type: 'postgres',
  options: z.strictObject({
    url: secretOption('The connection string.'),
    statement_timeout: z.number().positive().optional(),
    tls: z.strictObject({ verify: z.boolean().optional() }).optional(),
  }),
  open: unopened,
}

const duckdb: SourceConnector = {
  type: 'duckdb',
  options: z.strictObject({ file: z.string().optional() }),
  open: unopened,
}

const intercom: TargetConnector = {
  type: 'intercom',
  options: mini
    .strictObject({
      token: secretOption('The access token.'),
      region: mini._default(mini.enum(['us', 'eu', 'au']), 'us'),
      base_url: mini.optional(mini.string().check(mini.maxLength(60))),
      concurrency: mini.optional(mini.int().check(mini.minimum(1), mini.maximum(100))),
      api_version: mini.optional(
        mini.string().check(mini.regex(/^2[.]\d+$/, 'must be a version in quotes')),
      ),
    })
    .check(
      mini.refine((options) => options.base_url?.includes('ftp') !== true, {
        path: ['base_url'],
        error: ({ input }) => `cannot be ${(input as { base_url: string }).base_url}`,
      }),
    ),
  objects: [company, contact, conversation],
  open: unopened,
}

/** Connectors that are data only, their options of one kind of zod's schemas or the other: what they declare is checked, and nothing is ever opened. */
export const connectors: Connectors = {
  sources: { postgres: async () => postgres, duckdb: async () => duckdb },
  targets: { intercom: async () => intercom },
}

/** A temporary project folder with these files, removed when the test is over. */
export async function projectFolder(
  files: Readonly<Record<string, string | Uint8Array>>,
): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-config-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true })
    await writeFile(join(folder, name), text)
  }
  return folder
}

export interface Surroundings {
  readonly environment?: Readonly<Record<string, string>>
  readonly profile?: string
}

/** Loads a folder with these files. */
export async function load(
  files: Readonly<Record<string, string | Uint8Array>>,
  { environment = {}, profile }: Surroundings = {},
): Promise<Project> {
  const path = await projectFolder(files)
  return loadProject({ path, profile: profile ?? null, environment, connectors })
}

/** The lines that loading a folder with these files complains with; none where it does not. */
export async function complaints(
  files: Readonly<Record<string, string | Uint8Array>>,
  surroundings: Surroundings = {},
): Promise<readonly string[]> {
  try {
    await load(files, surroundings)
    return []
  } catch (error) {
    if (error instanceof ConfigurationError) return error.message.split('\n')
    throw error
  }
}

/** A project file that is right and needs no variables. */
export const plainProject = `sources:
  warehouse: { type: postgres, url: "postgres://localhost/db" }
targets:
  intercom: { type: intercom, token: abc }
`

/** An activation that is right. */
export const people = `name: people
query: select user_id, email from people
target: contact
mode: upsert
identifier: external_id
fields:
  external_id: user_id
  email: email
`

/** What of an activation matters to a test. */
export interface Wanted {
  readonly target?: 'contact' | 'company' | 'conversation'
  readonly mode: string
  /** None where left out. */
  readonly identifier?: string
  /** Fields mapped to columns of the same name. */
  readonly fields: readonly string[]
  /** Further lines. */
  readonly more?: string
}

/** The text of an activation: target on line 1, mode on line 2, then identifier, fields, and what else there is. */
export function activationText({ target = 'contact', ...wanted }: Wanted): string {
  return [
    `target: ${target}`,
    `mode: ${wanted.mode}`,
    ...(wanted.identifier === undefined ? [] : [`identifier: ${wanted.identifier}`]),
    'fields:',
    ...wanted.fields.map((name) => (name.includes(':') ? `  ${name}` : `  ${name}: ${name}`)),
    ...(wanted.more === undefined ? [] : [wanted.more]),
    'query: select 1',
    '',
  ].join('\n')
}

/** What is told of an activation; nothing where it is right. */
export async function told(text: string): Promise<readonly string[]> {
  const lines = await complaints({ 'millrace.yaml': plainProject, 'activations/a.yaml': text })
  return lines.map((line) => line.replace('activations/a.yaml:', ''))
}

/** An activation that is right, loaded. */
export async function loaded(text: string): Promise<Activation> {
  const project = await load({ 'millrace.yaml': plainProject, 'activations/a.yaml': text })
  const [activation] = project.activations
  if (activation === undefined) throw new Error('the project has no activation')
  return activation
}
