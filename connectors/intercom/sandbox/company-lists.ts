import { type Company, renderCompany } from './company.ts'
import { renderContact } from './contact.ts'
import { ApiError, companyNotFound, parameterInvalid } from './errors.ts'
import { cursorPage, numberedPage } from './pages.ts'
import { type ApiRequest, integerQuery, parameter } from './request.ts'

/** Companies that can be reached page by page; beyond them Intercom wants to be scrolled through. */
const mostListed = 10_000

/** `POST /companies/list`: companies that have users, those that were active last first. */
export function all(request: ApiRequest) {
  const order = request.query.get('order') ?? 'desc'
  if (order !== 'asc' && order !== 'desc') throw parameterInvalid('order has to be asc or desc')
  const sign = order === 'asc' ? 1 : -1
  return listed(
    request,
    () => true,
    (a, b) => sign * (moment(a) - moment(b)),
  )
}

/** Companies that have users and the tag. */
export function tagged(request: ApiRequest, tag: string) {
  return listed(request, (company) => company.tags.some(({ id }) => id === tag))
}

function listed(
  request: ApiRequest,
  wanted: (company: Company) => boolean,
  compare: (a: Company, b: Company) => number = (a, b) => a.sequence - b.sequence,
) {
  const { workspace } = request
  const page = integerQuery(request, 'page', 1)
  const perPage = integerQuery(request, 'per_page', 15, 60)
  if (page * perPage > mostListed) {
    throw new ApiError(400, 'bad_request', 'page limit reached, please use scroll API')
  }
  const visible = [...workspace.companies()].filter(
    (company) =>
      wanted(company) && workspace.members(company.id).some(({ role }) => role === 'user'),
  )
  const found = numberedPage(visible.sort(compare), page, perPage)
  return { ...found, data: found.data.map((company) => renderCompany(company, workspace)) }
}

function moment(company: Company): number {
  return company.last_request_at ?? 0
}

/** `GET /companies/{id}/contacts`: the active contacts of a company, by cursor. */
export function contacts(request: ApiRequest) {
  const { workspace } = request
  const company = workspace.company(parameter(request, 0))
  if (company === undefined) throw companyNotFound()
  const members = [...workspace.members(company.id)].sort((a, b) => a.sequence - b.sequence)
  const perPage = integerQuery(request, 'per_page', 50, 150)
  const page = cursorPage(members, perPage, request.query.get('starting_after'))
  const { app_id } = workspace.options
  return {
    ...page,
    data: page.data.map((contact) => renderContact(contact, app_id, request.version)),
  }
}
