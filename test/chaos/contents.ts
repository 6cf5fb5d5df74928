import type { RunningIntercomSandbox } from '../../connectors/intercom/sandbox/index.ts'

/** What Intercom holds, without what differs from run to run: ids, times, and the external ids of leads. */
export function heldBy(sandbox: RunningIntercomSandbox): object {
  const { contacts, companies, tags } = sandbox.contents()
  const sorted = (items: readonly object[]) => items.map((item) => JSON.stringify(item)).sort()
  return {
    contacts: sorted(
      contacts.map((contact) => ({
        state: contact.state,
        role: contact.role,
        external_id: contact.role === 'lead' ? null : contact.external_id,
        email: contact.email,
        custom_attributes: contact.custom_attributes,
        tags: [...contact.tags].sort(),
        companies: [...contact.companies].sort(),
      })),
    ),
    companies: sorted(
      companies.map(({ company_id, name, tags: own }) => ({
        company_id,
        name,
        tags: [...own].sort(),
      })),
    ),
    tags: [...tags].sort(),
  }
}
