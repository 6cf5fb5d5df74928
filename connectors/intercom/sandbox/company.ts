import type { AttributeValue } from './contact.ts'
import { type AppliedTag, renderTag } from './tag.ts'
import type { Workspace } from './workspace.ts'

/** A company as the sandbox holds it. Never changed: a write puts a new one in its place. */
export interface Company {
  readonly id: string
  readonly sequence: number
  readonly company_id: string | null
  readonly name: string | null
  readonly plan: string | null
  readonly size: number | null
  readonly website: string | null
  readonly industry: string | null
  readonly remote_created_at: number | null
  readonly monthly_spend: number
  readonly last_request_at: number | null
  readonly created_at: number
  readonly updated_at: number
  readonly custom_attributes: Readonly<Record<string, AttributeValue>>
  readonly tags: readonly AppliedTag[]
}

/** A company as Intercom answers it: what is not set is left out. */
export function renderCompany(company: Company, workspace: Workspace) {
  const optional: Record<string, unknown> = {}
  for (const field of [
    'company_id',
    'name',
    'remote_created_at',
    'last_request_at',
    'size',
    'website',
    'industry',
  ] as const) {
    if (company[field] !== null) optional[field] = company[field]
  }
  return {
    type: 'company',
    id: company.id,
    app_id: workspace.options.app_id,
    ...optional,
    created_at: company.created_at,
    updated_at: company.updated_at,
    monthly_spend: company.monthly_spend,
    session_count: 0,
    user_count: workspace.members(company.id).filter(({ role }) => role === 'user').length,
    tags: {
      type: 'tag.list',
      tags: company.tags.flatMap(({ id }) => {
        const tag = workspace.tags.byId(id)
        return tag === undefined ? [] : [renderTag(tag)]
      }),
    },
    segments: { type: 'segment.list', segments: [] },
    plan:
      company.plan === null ? {} : { type: 'plan', id: planId(company.plan), name: company.plan },
    custom_attributes: company.custom_attributes,
  }
}

/** A plan is given by name and answered as an object with an id of its own: the same name, the same id. */
function planId(name: string): string {
  let hash = 7
  for (const character of name) hash = (hash * 31 + (character.codePointAt(0) ?? 0)) % 1_000_000
  return String(hash)
}
