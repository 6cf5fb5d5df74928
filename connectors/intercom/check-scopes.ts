import type { CheckPoint, DeliveryPlan, Operation } from '../../src/connector/index.ts'
import { type Ask, isForbidden, refusalName } from './check-ask.ts'
import type { Call } from './client.ts'

/** Something that the token has to be allowed to do. Names of permissions: FACTS 8. */
interface Scope {
  readonly name: string
  /** The permission as the Developer Hub calls it. */
  readonly permission: string
  /** What cannot be done without it. */
  readonly blocks: string
  /** A harmless request that shows it; null where only writing would. */
  readonly probe: Call | null
  /** False where a run gets along without it. */
  readonly needed: boolean
}

/** One point for each scope that the activation needs: asked for where reading shows it, else named. */
export async function checkScopes(
  ask: Ask,
  plan: DeliveryPlan,
  sample: readonly Operation[],
): Promise<readonly CheckPoint[]> {
  return Promise.all(scopesOf(plan, sample).map((scope) => pointOf(ask, scope)))
}

async function pointOf(ask: Ask, scope: Scope): Promise<CheckPoint> {
  const name = `scope: ${scope.name}`
  if (scope.probe === null) {
    const message = `cannot be seen without writing. Without the permission "${scope.permission}" of the app, Intercom refuses ${scope.blocks}.`
    return { name, status: 'skipped', message }
  }
  const reply = await ask(scope.probe)
  const { method, endpoint } = scope.probe
  if (!isForbidden(reply))
    return { name, status: 'ok', message: `${method} ${endpoint} is allowed` }
  const message = `Intercom refused ${method} ${endpoint} (${refusalName(reply)}), which blocks ${scope.blocks}. Give the app the permission "${scope.permission}" in Intercom's Developer Hub.`
  return scope.needed
    ? { name, status: 'failed', refused: true, message }
    : { name, status: 'warning', message }
}

function scopesOf(plan: DeliveryPlan, sample: readonly Operation[]): readonly Scope[] {
  const { object, lists } = plan
  const scopes: Scope[] = []
  if (object === 'contact') scopes.push(readContacts, ...writeContacts(plan))
  if (object === 'company') scopes.push(readCompanies(plan.mode !== 'upsert'), writeCompanies(plan))
  if (object === 'conversation') scopes.push(...readConversations(sample), writeConversations)
  if (object !== 'company' && lists.includes('companies')) {
    scopes.push(readCompanies(true), attachCompanies(plan))
  }
  if (lists.includes('tags')) scopes.push(readTags, writeTags(object))
  if (plan.createAttributes) scopes.push(writeAttributes)
  return scopes
}

const readContacts: Scope = {
  name: 'read contacts',
  permission: 'Read and list users and companies',
  blocks: 'finding contacts that exist (POST /contacts/search)',
  probe: {
    method: 'POST',
    endpoint: '/contacts/search',
    body: { query: { field: 'id', operator: '=', value: '0' }, pagination: { per_page: 1 } },
  },
  needed: true,
}

const writes = {
  upsert: 'POST /contacts and PUT /contacts/{id}',
  insert: 'POST /contacts',
  update: 'PUT /contacts/{id}',
  delete: 'DELETE /contacts/{id}',
  archive: 'POST /contacts/{id}/archive',
} as const

function writeContacts({ mode, fields, identifier }: DeliveryPlan): readonly Scope[] {
  const isWritten = fields.some(({ field }) => field !== identifier) || mode !== 'update'
  if (!isWritten) return []
  return [
    {
      name: 'write contacts',
      permission: 'Read and write users',
      blocks: writes[mode],
      probe: null,
      needed: true,
    },
  ]
}

function readCompanies(needed: boolean): Scope {
  return {
    name: 'read companies',
    permission: 'Read and list users and companies',
    blocks: 'finding companies that exist (GET /companies)',
    // 404 where there is none of that id, which is an answer too.
    probe: { method: 'GET', endpoint: '/companies', path: '/companies?company_id=millrace-check' },
    needed,
  }
}

function writeCompanies({ mode }: DeliveryPlan): Scope {
  return {
    name: 'write companies',
    permission: 'Write users and companies',
    blocks: mode === 'delete' ? 'DELETE /companies/{id}' : 'POST /companies',
    probe: null,
    needed: true,
  }
}

function attachCompanies({ createMissingCompanies }: DeliveryPlan): Scope {
  const attach = 'POST and DELETE /contacts/{id}/companies'
  return {
    name: 'attach companies',
    permission: 'Write users and companies',
    blocks: createMissingCompanies ? `${attach}, and POST /companies` : attach,
    probe: null,
    needed: true,
  }
}

function readConversations(sample: readonly Operation[]): readonly Scope[] {
  const id = sample.find((operation) => operation.id !== null)?.id
  if (id === undefined || id === null) return []
  return [
    {
      name: 'read conversations',
      permission: 'Read conversations',
      blocks: 'looking whether conversations exist (GET /conversations/{id})',
      probe: {
        method: 'GET',
        endpoint: '/conversations/{id}',
        path: `/conversations/${encodeURIComponent(id)}`,
      },
      needed: false,
    },
  ]
}

const writeConversations: Scope = {
  name: 'write conversations',
  permission: 'Write conversations',
  blocks: 'POST and DELETE /conversations/{id}/tags',
  probe: null,
  needed: true,
}

const readTags: Scope = {
  name: 'read tags',
  permission: 'Read tags',
  blocks: 'seeing which tags exist (GET /tags)',
  probe: { method: 'GET', endpoint: '/tags' },
  needed: false,
}

function writeTags(object: string): Scope {
  const single = object === 'contact' ? ' and DELETE /contacts/{id}/tags/{id}' : ''
  return {
    name: 'write tags',
    permission: 'Write tags',
    blocks: `POST /tags${single}`,
    probe: null,
    needed: true,
  }
}

const writeAttributes: Scope = {
  name: 'write data attributes',
  permission: 'Write data attributes',
  blocks: 'POST /data_attributes, which create_attributes: true needs',
  probe: null,
  needed: true,
}
