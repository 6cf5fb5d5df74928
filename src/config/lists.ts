import type { Problem, TargetObject } from '../connector/index.ts'
import type { CompanyRule, TagRule } from './activation.ts'
import type { ActivationText } from './activation-schema.ts'
import type { Path } from './places.ts'
import type { Settings } from './settings.ts'
import { an } from './suggest.ts'

type Tag = NonNullable<ActivationText['tags']>[number]

const defaultSeparator = ','

/** One line of `tags:`, or what is wrong with it and with which of its keys. */
function tagRule(tag: Tag): TagRule | { readonly problem: string; readonly key?: string } {
  if (typeof tag === 'string') return { name: tag, when: null }
  const { name, when, from, prefix, separator } = tag
  if (name !== undefined && from !== undefined) {
    return { problem: 'a tag has "name", or "from" for a column; keep one of them', key: 'from' }
  }
  if (name !== undefined) {
    const stray = prefix !== undefined ? 'prefix' : separator !== undefined ? 'separator' : null
    return stray === null
      ? { name, when: when ?? null }
      : { problem: `"${stray}" goes with "from", not with "name"; leave it out`, key: stray }
  }
  if (from === undefined) {
    return { problem: 'a tag needs "name", or "from" for the column that names tags' }
  }
  return when === undefined
    ? { column: from, prefix: prefix ?? '', separator: separator ?? defaultSeparator }
    : {
        problem: '"when" goes with "name"; where a column names the tags, NULL is none',
        key: 'when',
      }
}

/** Complains where the object does not have a list that the activation keeps. */
function checkOffered(
  list: 'tags' | 'companies',
  object: TargetObject,
  settings: Settings,
  problems: Problem[],
): void {
  if (object.lists.includes(list)) return
  problems.push({
    message: `${an(object.name)} has no ${list} that could be kept; leave "${list}" out`,
    position: settings.places.key([list]),
  })
}

/** The tags of an activation, one rule per line; null where it has no say in tags. */
export function resolveTags(
  text: ActivationText,
  object: TargetObject | null,
  settings: Settings,
  problems: Problem[],
): readonly TagRule[] | null {
  if (text.tags === undefined) return null
  if (object !== null) checkOffered('tags', object, settings, problems)
  return text.tags.flatMap((tag, index) => {
    const rule = tagRule(tag)
    if (!('problem' in rule)) return [rule]
    const path: Path = rule.key === undefined ? ['tags', index] : ['tags', index, rule.key]
    problems.push({ message: rule.problem, position: settings.places.value(path) })
    return []
  })
}

/** The companies of an activation's contacts, one rule per line; null where it has no say in them. */
export function resolveCompanies(
  text: ActivationText,
  object: TargetObject | null,
  settings: Settings,
  problems: Problem[],
): readonly CompanyRule[] | null {
  if (text.create_missing && text.companies === undefined) {
    problems.push({
      message: '"create_missing" goes with "companies", which this activation does not have',
      position: settings.places.key(['create_missing']),
    })
  }
  if (text.companies === undefined) return null
  if (object !== null) checkOffered('companies', object, settings, problems)
  return text.companies.map(({ company_id, separator }) => ({
    column: company_id,
    separator: separator ?? defaultSeparator,
  }))
}
