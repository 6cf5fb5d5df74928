import type { CheckPoint, DeliveryPlan, Operation } from '../../src/connector/index.ts'
import { list, text } from './answer.ts'
import type { Ask } from './check-ask.ts'
import { findCompanies, mostSingle } from './check-existing.ts'

/** Whether Intercom has the companies and the tags that the sample's rows name. Names of tags are only counted. */
export async function checkLists(
  ask: Ask,
  plan: DeliveryPlan,
  sample: readonly Operation[],
): Promise<readonly CheckPoint[]> {
  const points: CheckPoint[] = []
  if (plan.lists.includes('companies')) {
    const companies = await checkCompanies(ask, plan, named(sample, 'companies'))
    if (companies !== null) points.push(companies)
  }
  if (plan.lists.includes('tags')) {
    const tags = await checkTags(ask, named(sample, 'tags'))
    if (tags !== null) points.push(tags)
  }
  return points
}

function named(sample: readonly Operation[], list: 'tags' | 'companies'): readonly string[] {
  const names = sample.flatMap(({ record }) => {
    const value = record[list]
    return Array.isArray(value) ? (value as readonly string[]) : []
  })
  return [...new Set(names)]
}

async function checkCompanies(
  ask: Ask,
  { createMissingCompanies }: DeliveryPlan,
  ids: readonly string[],
): Promise<CheckPoint | null> {
  const name = 'companies'
  const looked = ids.slice(0, mostSingle)
  if (looked.length === 0) return { name, status: 'skipped', message: 'the sample names none' }
  const there = await findCompanies(ask, 'company_id', looked)
  if (there === null) return null
  const missing = looked.filter((id) => !there.has(id))
  const share = `${there.size} of ${looked.length} companies that the sample names exist in Intercom`
  if (missing.length === 0) return { name, status: 'ok', message: share }
  const examples = `${share}; missing are for example ${missing.slice(0, 3).join(', ')}`
  if (createMissingCompanies) {
    return { name, status: 'ok', message: `${examples}; a run creates them.` }
  }
  const message = `${examples}. Rows that name them fail, unless a company activation creates them first or create_missing: true is set.`
  return { name, status: 'warning', message }
}

async function checkTags(ask: Ask, wanted: readonly string[]): Promise<CheckPoint | null> {
  const name = 'tags'
  if (wanted.length === 0) return { name, status: 'skipped', message: 'the sample names none' }
  const reply = await ask({ method: 'GET', endpoint: '/tags' })
  if (reply.status !== 200) return null
  const known = new Set(
    list(reply.body, 'data').map((tag) => (text(tag, 'name') ?? '').toLowerCase()),
  )
  const distinct = new Set(wanted.map((tag) => tag.toLowerCase()))
  const missing = [...distinct].filter((tag) => !known.has(tag)).length
  const creates = missing === 0 ? '' : `; a run creates the other ${missing}`
  const message = `${distinct.size - missing} of ${distinct.size} tags that the sample names exist in Intercom${creates}`
  return { name, status: 'ok', message }
}
