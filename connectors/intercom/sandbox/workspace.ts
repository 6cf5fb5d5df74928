import type { Random } from '../../../src/connector/index.ts'
import { Attributes } from './attributes.ts'
import type { Company } from './company.ts'
import { type Contact, normalEmail } from './contact.ts'
import { MultiIndex } from './multi-index.ts'
import type { SandboxOptions } from './options.ts'
import { SearchIndex } from './search-index.ts'

/** The one admin of the workspace, who owns the access token. */
export const adminId = '1'

/** Everything that the workspace holds, found by id, external_id, email and company_id at once. */
export class Workspace {
  readonly attributes: Attributes
  readonly search = new SearchIndex()
  readonly random: Random
  readonly #options: SandboxOptions
  readonly #now: () => number
  readonly #machine: string
  readonly #contacts = new Map<string, Contact>()
  readonly #byExternalId = new MultiIndex()
  readonly #byEmail = new MultiIndex()
  readonly #companies = new Map<string, Company>()
  readonly #byCompanyId = new Map<string, string>()
  #sequence = 0

  /** `options` are read as they are at the moment; `now` is in milliseconds. */
  constructor(options: SandboxOptions, now: () => number, random: Random) {
    this.#options = options
    this.#now = now
    this.random = random
    this.#machine = hex(Math.floor(random() * 0x1_0000_0000))
    this.attributes = new Attributes(options, () => this.seconds())
  }

  get options(): SandboxOptions {
    return this.#options
  }

  /** The time, in unix seconds. */
  seconds(): number {
    return Math.floor(this.#now() / 1000)
  }

  /** The next place in order of creation. */
  nextSequence(): number {
    this.#sequence += 1
    return this.#sequence
  }

  /** An id as Intercom makes them, 24 hexadecimal digits. */
  newId(sequence: number): string {
    return hex(this.seconds()) + this.#machine + hex(sequence)
  }

  contact(id: string): Contact | undefined {
    return this.#contacts.get(id)
  }

  contacts(): Iterable<Contact> {
    return this.#contacts.values()
  }

  contactsByExternalId(externalId: string): readonly Contact[] {
    return this.#all(this.#byExternalId.get(externalId))
  }

  contactsByEmail(email: string): readonly Contact[] {
    return this.#all(this.#byEmail.get(normalEmail(email)))
  }

  /** Puts a contact in the place of the one with its id, if any. Search finds it once the lag has passed. */
  putContact(contact: Contact): Contact {
    this.#keepContact(contact)
    this.search.write(contact, this.#now(), this.#options.search_lag_ms)
    return contact
  }

  /** The same, found by search at once: for what is there from the start. */
  seedContact(contact: Contact): Contact {
    this.#keepContact(contact)
    this.search.publish(contact)
    return contact
  }

  /** Brings the index that search reads up to where it is by now. */
  catchUp(): SearchIndex {
    this.search.catchUp(this.#now(), this.#options.search_lag_ms)
    return this.search
  }

  company(id: string): Company | undefined {
    return this.#companies.get(id)
  }

  companyByCompanyId(companyId: string): Company | undefined {
    const id = this.#byCompanyId.get(companyId)
    return id === undefined ? undefined : this.#companies.get(id)
  }

  companies(): Iterable<Company> {
    return this.#companies.values()
  }

  putCompany(company: Company): Company {
    this.#companies.set(company.id, company)
    if (company.company_id !== null) this.#byCompanyId.set(company.company_id, company.id)
    return company
  }

  removeCompany(company: Company): void {
    this.#companies.delete(company.id)
    if (company.company_id !== null) this.#byCompanyId.delete(company.company_id)
  }

  #keepContact(contact: Contact): void {
    const before = this.#contacts.get(contact.id)
    this.#contacts.set(contact.id, contact)
    this.#byExternalId.move(before?.external_id ?? null, contact.external_id, contact.id)
    this.#byEmail.move(
      before?.email == null ? null : normalEmail(before.email),
      contact.email === null ? null : normalEmail(contact.email),
      contact.id,
    )
  }

  #all(ids: readonly string[]): Contact[] {
    return ids.flatMap((id) => this.#contacts.get(id) ?? [])
  }
}

function hex(number: number): string {
  return number.toString(16).padStart(8, '0').slice(-8)
}
