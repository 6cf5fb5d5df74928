import { type Company, renderCompany } from './company.ts'
import { ApiError, companyNotFound } from './errors.ts'
import { numberedPage } from './pages.ts'
import { pathContact, writableContact } from './path-contact.ts'
import { type ApiRequest, idField, integerQuery, parameter } from './request.ts'

/** The companies of a contact, page by page, each page with a link to the next. */
export function list(request: ApiRequest) {
  const { workspace } = request
  const contact = pathContact(request)
  const companies = contact.companies.flatMap((id) => workspace.company(id) ?? [])
  const perPage = integerQuery(request, 'per_page', 50, 150)
  const page = numberedPage(companies, integerQuery(request, 'page', 1), perPage)
  const link = `http://${request.host}/contacts/${contact.id}/companies`
  const { pages } = page
  const next = pages.page < pages.total_pages
  return {
    ...page,
    data: page.data.map((company) => renderCompany(company, workspace)),
    pages: {
      ...pages,
      next: next ? `${link}?per_page=${perPage}&page=${pages.page + 1}` : null,
    },
  }
}

/** Attaching twice is harmless. */
export function attach(request: ApiRequest) {
  const { workspace } = request
  const contact = writableContact(request)
  const id = idField(request.body, 'id')
  if (id === null) throw new ApiError(400, 'parameter_not_found', 'company not specified')
  const company = existing(request, id)
  if (!contact.companies.includes(company.id)) {
    const most = workspace.options.companies_per_contact
    if (contact.companies.length >= most) {
      throw new ApiError(
        400,
        'contact_company_limit_exceeded',
        `Contact has reached the maximum of ${most} company associations`,
      )
    }
    workspace.putContact({ ...contact, companies: [...contact.companies, company.id] })
  }
  return renderCompany(company, workspace)
}

export function detach(request: ApiRequest) {
  const { workspace } = request
  const contact = writableContact(request)
  const company = existing(request, parameter(request, 1))
  if (contact.companies.includes(company.id)) {
    const companies = contact.companies.filter((id) => id !== company.id)
    workspace.putContact({ ...contact, companies })
  } else if (workspace.options.removing_absent === 'not_found') throw companyNotFound()
  return renderCompany(company, workspace)
}

function existing({ workspace }: ApiRequest, id: string): Company {
  const company = workspace.company(id)
  if (company === undefined) throw companyNotFound()
  return company
}
