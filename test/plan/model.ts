import type { Operation, TargetRecord } from '../../src/connector/index.ts'
import type { SnapshotEntry } from '../../src/plan/interfaces.ts'
import type { Snapshot } from './support.ts'

/** What became of an operation. */
export type Fate =
  | 'applied'
  /** It never reached the target. */
  | 'failed'
  /** Its fields reached the target, and nobody knows. */
  | 'lost'
  /** Its fields and companies reached the target, its tags did not. */
  | 'partial'

export interface Contact {
  readonly id: string
  fields: TargetRecord
  archived: boolean
  /** By their names in lower case. */
  readonly tags: Set<string>
  readonly companies: Set<string>
}

/** What is confirmed of a record. */
type Confirmed = Pick<SnapshotEntry, 'fingerprint' | 'id' | 'sent'> &
  Partial<Pick<SnapshotEntry, 'removed'>>

/** Contacts as Intercom and its connector treat them: upsert by `external_id`. */
export class ModelTarget {
  readonly contacts = new Map<string, Contact>()
  readonly #createOnly: readonly string[]
  #made = 0

  constructor(createOnly: readonly string[]) {
    this.#createOnly = createOnly
  }

  /** A contact that was there before, with a tag and a company of its own. */
  seed(externalId: string): void {
    const contact = this.#create({ external_id: externalId, 'from before': true })
    contact.tags.add('from before')
    contact.companies.add('from before')
  }

  byExternalId(externalId: unknown): Contact | undefined {
    return [...this.contacts.values()].find(({ fields }) => fields.external_id === externalId)
  }

  /** Delivers an operation as far as its fate lets it, and keeps what is known of it. */
  deliver(operation: Operation, fate: Fate, snapshot: Snapshot): void {
    const before = snapshot.kept.get(operation.key)
    if (fate === 'failed') {
      if (before !== undefined) snapshot.kept.set(operation.key, { ...before, fingerprint: null })
      return
    }
    const { removal, kind } = operation
    const entry = removal ? this.#remove(operation, fate) : this.#hold(operation, fate)
    const known = { id: null, sent: null, removed: null, ...before }
    if (entry === null)
      snapshot.kept.set(operation.key, { ...known, key: operation.key, fingerprint: null })
    else {
      snapshot.kept.set(operation.key, {
        ...known,
        key: operation.key,
        removed: removal ? (kind as 'archive' | 'delete' | 'untag') : (known.removed ?? null),
        ...entry,
      })
    }
  }

  #remove({ id, kind, held, record }: Operation, fate: Fate): Confirmed | null {
    const contact = this.contacts.get(id ?? '') ?? this.byExternalId(record.external_id)
    // Nothing to be lost in part: the others are as good as never sent.
    if (fate !== 'applied') return null
    if (contact !== undefined) {
      if (kind === 'delete') this.contacts.delete(contact.id)
      if (kind === 'archive') contact.archived = true
      if (kind === 'untag') {
        move(contact.tags, lower(held?.tags), lower(record.tags))
        move(contact.companies, list(held?.companies), list(record.companies))
      }
    }
    const sent = kind === 'delete' ? record : { ...held, ...record }
    return { fingerprint: null, id: contact?.id ?? null, sent }
  }

  #hold(operation: Operation, fate: Fate): Confirmed | null {
    const { id, record, changed, fingerprint, archivedByUs } = operation
    let contact = this.contacts.get(id ?? '') ?? this.byExternalId(record.external_id)
    if (contact?.archived === true) {
      if (!archivedByUs) throw new Error('an archived contact was written to')
      contact.archived = false
    }
    const isNew = contact === undefined
    const listsOnly = changed.every((name) => name === 'tags' || name === 'companies')
    contact ??= this.#create({})
    if (isNew || id === null || !listsOnly) {
      const fields = Object.entries(record).filter(
        ([name]) =>
          name !== 'tags' && name !== 'companies' && (isNew || !this.#createOnly.includes(name)),
      )
      contact.fields = { ...contact.fields, ...Object.fromEntries(fields) }
    }
    if (fate === 'lost') return null
    // Of what was held by a contact that is gone the new one has nothing.
    const held = isNew ? null : operation.held
    move(contact.companies, list(held?.companies), list(record.companies))
    if (fate === 'partial') {
      const sent = { ...held, companies: list(record.companies), tags: list(held?.tags) }
      // The record is back, whatever it was removed to before.
      return { fingerprint: null, id: contact.id, sent, removed: null }
    }
    move(contact.tags, lower(held?.tags), lower(record.tags))
    return { fingerprint, id: contact.id, sent: { ...held, ...record }, removed: null }
  }

  #create(fields: TargetRecord): Contact {
    this.#made += 1
    const id = `id ${this.#made}`
    const contact = {
      id,
      fields,
      archived: false,
      tags: new Set<string>(),
      companies: new Set<string>(),
    }
    this.contacts.set(id, contact)
    return contact
  }
}

/** Takes out what was held and is no longer wanted, adds what is wanted and was not held. */
function move(things: Set<string>, held: readonly string[], wanted: readonly string[]): void {
  for (const thing of held) if (!wanted.includes(thing)) things.delete(thing)
  for (const thing of wanted) if (!held.includes(thing)) things.add(thing)
}

function list(value: TargetRecord[string] | undefined): readonly string[] {
  return Array.isArray(value) ? value : []
}

function lower(value: TargetRecord[string] | undefined): readonly string[] {
  return list(value).map((name) => name.toLowerCase())
}
