import { tokenOwner } from './admin.ts'
import {
  ApiError,
  companyNotFound,
  parameterInvalid,
  resourceNotFound,
  userNotFound,
} from './errors.ts'
import { type ApiRequest, idField, isObject, type Json, parameter } from './request.ts'
import { renderTag, type Tag, withoutTag, withTag } from './tag.ts'
import type { Workspace } from './workspace.ts'

/** Every tag of the workspace: the list has no pages. */
export function list({ workspace }: ApiRequest) {
  return { type: 'list', data: [...workspace.tags.all()].map(renderTag) }
}

export function get(request: ApiRequest) {
  return renderTag(pathTag(request))
}

/** Answers nothing. Whatever has the tag loses it; a segment that uses it keeps it. */
export function remove(request: ApiRequest): undefined {
  const tag = pathTag(request)
  if (tag.segments.length > 0) {
    throw new ApiError(
      400,
      'tag_has_dependent_objects',
      `Unable to delete Tag with dependent objects. Segments: ${tag.segments.join(', ')}.`,
    )
  }
  request.workspace.removeTag(tag)
}

/** Four things, told apart by the body: create, rename, tag or untag companies, tag contacts. */
export function post(request: ApiRequest) {
  const { body, workspace } = request
  const { users, companies } = body
  if (users !== undefined && companies !== undefined) throw invalid()
  const name = typeof body.name === 'string' && body.name.trim() !== '' ? body.name.trim() : null
  const id = idField(body, 'id')
  if (users === undefined && companies === undefined) {
    if (name === null) throw invalid()
    const tag =
      id === null ? workspace.tags.named(name) : workspace.tags.rename(byId(workspace, id), name)
    return answer(request, tag, [], [])
  }
  const entries = readEntries(request, users ?? companies)
  if (name === null && id === null) throw invalid()
  const find = users !== undefined ? contactOf : companyOf
  const found = entries.flatMap((entry) => find(workspace, entry) ?? [])
  if (request.version < 216 && found.length < entries.length) {
    throw users !== undefined ? userNotFound() : companyNotFound()
  }
  const tag = id === null ? workspace.tags.named(name ?? '') : byId(workspace, id)
  const tagged = found.map((target) => ({ id: target.id, tagged: target.apply(tag) }))
  return users !== undefined ? answer(request, tag, tagged, []) : answer(request, tag, [], tagged)
}

/** Something that a tag is put on or taken from. */
interface Target {
  readonly id: string
  /** Tags or untags it; returns whether it has the tag now. */
  apply(tag: Tag): boolean
}

function contactOf(workspace: Workspace, entry: Json): Target | null {
  const untag = entry.untag === true && workspace.options.user_untag === 'works'
  const found = workspace.contact(idField(entry, 'id') ?? '')
  if (found?.state !== 'active') return null
  return {
    id: found.id,
    apply(tag) {
      // Looked up anew: the same contact may stand in the list twice.
      const contact = workspace.contact(found.id) ?? found
      workspace.putContact({ ...contact, tags: changed(workspace, contact.tags, tag, untag) })
      return !untag
    },
  }
}

function companyOf(workspace: Workspace, entry: Json): Target | null {
  const byId = idField(entry, 'id')
  const found =
    byId !== null
      ? workspace.company(byId)
      : workspace.companyByCompanyId(idField(entry, 'company_id') ?? '')
  if (found === undefined) return null
  const untag = entry.untag === true
  return {
    id: found.id,
    apply(tag) {
      const company = workspace.company(found.id) ?? found
      workspace.putCompany({ ...company, tags: changed(workspace, company.tags, tag, untag) })
      return !untag
    },
  }
}

function changed(
  workspace: Workspace,
  applied: Parameters<typeof withTag>[0],
  { id }: Tag,
  untag: boolean,
) {
  if (untag) return withoutTag(applied, id)
  return withTag(applied, { id, at: workspace.seconds(), by: tokenOwner.id })
}

function readEntries({ workspace, body }: ApiRequest, list: unknown): readonly Json[] {
  const most = workspace.options.tag_batch
  if (!Array.isArray(list) || !list.every(isObject)) throw invalid()
  if (most > 0 && list.length > most) {
    throw parameterInvalid(`No more than ${most} can be tagged at a time`)
  }
  if (!list.every((entry) => isId(entry.id) || (body.companies && isId(entry.company_id)))) {
    throw invalid()
  }
  const untags = body.users !== undefined && list.some((entry) => entry.untag === true)
  if (untags && workspace.options.user_untag === 'refused') throw invalid()
  return list
}

function isId(value: unknown): boolean {
  return (typeof value === 'string' && value !== '') || Number.isSafeInteger(value)
}

type Tagged = readonly { readonly id: string; readonly tagged: boolean }[]

/** From 2.16 on the answer says what was tagged; what is missing there was not found. */
function answer({ version }: ApiRequest, tag: Tag, users: Tagged, companies: Tagged) {
  return version < 216 ? renderTag(tag) : { ...renderTag(tag), users, companies }
}

function pathTag(request: ApiRequest): Tag {
  return byId(request.workspace, parameter(request, 0))
}

function byId(workspace: Workspace, id: string): Tag {
  const tag = workspace.tags.byId(id)
  if (tag === undefined) throw resourceNotFound()
  return tag
}

function invalid(): ApiError {
  return parameterInvalid('invalid tag parameters')
}
