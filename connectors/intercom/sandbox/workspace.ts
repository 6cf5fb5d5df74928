import type { Random } from '../../../src/connector/index.ts'
import { type Admin, tokenOwner } from './admin.ts'
import { Attributes } from './attributes.ts'
import type { Company } from './company.ts'
import { type Contact, normalEmail } from './contact.ts'
import type { Conversation } from './conversation.ts'
import { Later } from './later.ts'
import { MultiIndex } from './multi-index.ts'
import type { SandboxOptions } from './options.ts'
import { SearchIndex } from './search-index.ts'
import { type Tag, Tags, withoutTag } from './tag.ts'

/** Everything that the workspace holds, found by id, external_id, email and company_id at once. */
export class Workspace {
  readonly attributes: Attributes
  readonly tags = new Tags()
  readonly admins = new Map<string, Admin>([[tokenOwner.id, tokenOwner]])
  readonly conversations = new Map<string, Conversation>()
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
  readonly #members = new MultiIndex()
  readonly #later = new Later()
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

  milliseconds(): number {
    return this.#now()
  }

  /** Does what Intercom does some time after an answer, if that time has come. */
  settle(): void {
    this.#later.settle(this.#now())
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

  /** The active contacts of a company, by its Intercom id. */
  members(companyId: string): readonly Contact[] {
    return this.#all(this.#members.get(companyId)).filter(({ state }) => state === 'active')
  }

  /** Removes a company and detaches everybody from it, once Intercom gets round to it. */
  removeCompanyLater(company: Company): void {
    const { company_deletion_ms: delay } = this.#options
    this.#later.add(this.#now() + delay, () => this.#removeCompany(company))
    this.settle()
  }

  #removeCompany({ id, company_id }: Company): void {
    this.#companies.delete(id)
    if (company_id !== null && this.#byCompanyId.get(company_id) === id) {
      this.#byCompanyId.delete(company_id)
    }
    for (const contact of this.#all(this.#members.get(id))) {
      const companies = contact.companies.filter((company) => company !== id)
      this.putContact({ ...contact, companies })
    }
  }

  /** Removes a tag, and takes it from whatever has it. */
  removeTag(tag: Tag): void {
    this.tags.remove(tag)
    const has = (holder: Contact | Company | Conversation) =>
      holder.tags.some(({ id }) => id === tag.id)
    const without = <Holder extends Contact | Company | Conversation>(holder: Holder): Holder => ({
      ...holder,
      tags: withoutTag(holder.tags, tag.id),
    })
    for (const contact of [...this.#contacts.values()].filter(has))
      this.putContact(without(contact))
    for (const company of [...this.#companies.values()].filter(has))
      this.putCompany(without(company))
    for (const conversation of [...this.conversations.values()].filter(has)) {
      this.conversations.set(conversation.id, without(conversation))
    }
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
    if (before?.companies === contact.companies) return
    for (const id of before?.companies ?? []) this.#members.remove(id, contact.id)
    for (const id of contact.companies) this.#members.add(id, contact.id)
  }

  #all(ids: readonly string[]): Contact[] {
    return ids.flatMap((id) => this.#contacts.get(id) ?? [])
  }
}

function hex(number: number): string {
  return number.toString(16).padStart(8, '0').slice(-8)
}
