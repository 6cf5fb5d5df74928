import type { RunningIntercomSandbox } from '../../connectors/intercom/sandbox/index.ts'

/** What Intercom holds, each record as text, sorted. */
export interface Held {
  readonly contacts: readonly string[]
  readonly companies: readonly string[]
  readonly tags: readonly string[]
}

/** How many of the wanted records are missing, and how many there are that nobody wanted. */
export function difference(wanted: Held, got: Held): { lost: number; doubled: number } {
  const all = ({ contacts, companies }: Held) => [...contacts, ...companies]
  const without = (some: readonly string[], others: readonly string[]) => {
    const left = [...some]
    for (const other of others) {
      const index = left.indexOf(other)
      if (index >= 0) left.splice(index, 1)
    }
    return left.length
  }
  return { lost: without(all(wanted), all(got)), doubled: without(all(got), all(wanted)) }
}

/** What Intercom holds, without what differs from run to run: ids, times, and the external ids of leads. */
export function heldBy(sandbox: RunningIntercomSandbox): Held {
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
