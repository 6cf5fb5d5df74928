import { type Contact, normalEmail } from './contact.ts'
import { MultiIndex } from './multi-index.ts'

/** What search sees: contacts as they were written, some time later. Those in it stay in order of creation. */
export class SearchIndex {
  readonly #contacts = new Map<string, Contact>()
  readonly #byExternalId = new MultiIndex()
  readonly #byEmail = new MultiIndex()
  #waiting: { readonly at: number; readonly contact: Contact }[] = []
  #next = 0

  /** Takes a contact as it was written at `now`, in milliseconds; search sees it once `lag` has passed. */
  write(contact: Contact, now: number, lag: number): void {
    this.catchUp(now, lag)
    if (lag === 0) this.publish(contact)
    else this.#waiting.push({ at: now, contact })
  }

  /** Lets search see everything that was written `lag` milliseconds before `now`. */
  catchUp(now: number, lag: number): void {
    for (let entry = this.#waiting[this.#next]; entry !== undefined; ) {
      if (entry.at + lag > now) break
      this.publish(entry.contact)
      this.#next += 1
      entry = this.#waiting[this.#next]
    }
    if (this.#next > 1_000 && this.#next * 2 > this.#waiting.length) {
      this.#waiting = this.#waiting.slice(this.#next)
      this.#next = 0
    }
  }

  /** Shows a contact at once. */
  publish(contact: Contact): void {
    const before = this.#contacts.get(contact.id)
    this.#contacts.set(contact.id, contact)
    this.#byExternalId.move(before?.external_id ?? null, contact.external_id, contact.id)
    this.#byEmail.move(email(before), email(contact), contact.id)
  }

  all(): Iterable<Contact> {
    return this.#contacts.values()
  }

  byId(id: string): readonly Contact[] {
    const contact = this.#contacts.get(id)
    return contact === undefined ? [] : [contact]
  }

  byExternalId(externalId: string): readonly Contact[] {
    return this.#get(this.#byExternalId.get(externalId))
  }

  byEmail(value: string): readonly Contact[] {
    return this.#get(this.#byEmail.get(normalEmail(value)))
  }

  #get(ids: readonly string[]): Contact[] {
    return ids.flatMap((id) => this.byId(id))
  }
}

function email(contact: Contact | undefined): string | null {
  return contact === undefined || contact.email === null ? null : normalEmail(contact.email)
}
