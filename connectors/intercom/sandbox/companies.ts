import { type Company, renderCompany } from './company.ts'
import { tagged } from './company-lists.ts'
import { ApiError, companyNotFound, parameterInvalid } from './errors.ts'
import { type ApiRequest, field, type Json, parameter } from './request.ts'
import type { Workspace } from './workspace.ts'

/** Intercom's largest monthly_spend. */
const mostSpend = 2_147_483_647

const updateFields: ReadonlySet<string> = new Set([
  'name',
  'plan',
  'size',
  'website',
  'industry',
  'custom_attributes',
  'monthly_spend',
  // Taken and ignored: it cannot be changed.
  'company_id',
])
const createFields: ReadonlySet<string> = new Set([
  ...updateFields,
  'remote_created_at',
  'update_last_request_at',
])

function render(request: ApiRequest, company: Company) {
  return renderCompany(company, request.workspace)
}

/** Creates the company, or updates the one that has the company_id. */
export function createOrUpdate(request: ApiRequest) {
  return render(request, upsertCompany(request.workspace, request.body))
}

export function upsertCompany(workspace: Workspace, body: Json): Company {
  const changes = acceptCompany(workspace, body, createFields)
  const companyId = field(body, 'company_id', 'string') || null
  const existing = companyId === null ? undefined : workspace.companyByCompanyId(companyId)
  if (existing !== undefined) return write(workspace, existing, changes)
  const sequence = workspace.nextSequence()
  const now = workspace.seconds()
  return workspace.putCompany({
    id: workspace.newId(sequence),
    sequence,
    company_id: companyId,
    name: null,
    plan: null,
    size: null,
    website: null,
    industry: null,
    remote_created_at: null,
    monthly_spend: 0,
    last_request_at: null,
    created_at: now,
    updated_at: now,
    ...changes,
    custom_attributes: changes.custom_attributes ?? {},
    tags: [],
  })
}

export function update(request: ApiRequest) {
  const company = pathCompany(request)
  const changes = acceptCompany(request.workspace, request.body, updateFields)
  return render(request, write(request.workspace, company, changes))
}

export function get(request: ApiRequest) {
  return render(request, pathCompany(request))
}

/** One company by company_id or by name, as a single object; a list of those that have a tag. */
export function find(request: ApiRequest) {
  const { workspace, query } = request
  const companyId = query.get('company_id')
  const name = query.get('name')
  const tag = query.get('tag_id')
  if (tag !== null) return tagged(request, tag)
  if (companyId === null && name === null) {
    throw new ApiError(400, 'parameter_not_found', 'company_id or name not specified')
  }
  const company =
    companyId !== null ? workspace.companyByCompanyId(companyId) : named(workspace, name ?? '')
  if (company === undefined) throw companyNotFound()
  return render(request, company)
}

export function remove(request: ApiRequest) {
  const company = pathCompany(request)
  request.workspace.removeCompanyLater(company)
  return { id: company.id, object: 'company', deleted: true }
}

function named(workspace: Workspace, name: string): Company | undefined {
  for (const company of workspace.companies()) if (company.name === name) return company
  return undefined
}

function pathCompany(request: ApiRequest): Company {
  const company = request.workspace.company(parameter(request, 0))
  if (company === undefined) throw companyNotFound()
  return company
}

type CompanyChanges = { -readonly [Name in keyof Company]?: Company[Name] }

function write(workspace: Workspace, company: Company, changes: CompanyChanges): Company {
  return workspace.putCompany({
    ...company,
    ...changes,
    updated_at: workspace.seconds(),
    custom_attributes: { ...company.custom_attributes, ...changes.custom_attributes },
  })
}

function acceptCompany(
  workspace: Workspace,
  body: Json,
  fields: ReadonlySet<string>,
): CompanyChanges {
  for (const name of Object.keys(body)) {
    if (!fields.has(name)) throw new ApiError(400, 'bad_request', `bad '${name}' parameter`)
  }
  const changes: CompanyChanges = {}
  for (const name of ['name', 'plan', 'website', 'industry'] as const) {
    const value = field(body, name, 'string')
    if (value !== undefined) changes[name] = value
  }
  const size = field(body, 'size', 'integer')
  if (size !== undefined) changes.size = size
  const created = field(body, 'remote_created_at', 'seconds')
  if (created !== undefined) changes.remote_created_at = created
  const spend = field(body, 'monthly_spend', 'number')
  if (spend != null && Math.abs(spend) > mostSpend) {
    throw parameterInvalid(`monthly_spend has to be ${mostSpend} at most`, 'monthly_spend')
  }
  if (spend !== undefined) changes.monthly_spend = Math.trunc(spend ?? 0)
  if (field(body, 'update_last_request_at', 'boolean') === true) {
    changes.last_request_at = workspace.seconds()
  }
  field(body, 'company_id', 'string')
  if (body.custom_attributes != null) {
    changes.custom_attributes = workspace.attributes.accept('company', body.custom_attributes)
  }
  return changes
}
