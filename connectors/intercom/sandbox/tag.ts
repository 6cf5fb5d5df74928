import { parameterInvalid, resourceNotFound } from './errors.ts'

/** A tag of the workspace. */
export interface Tag {
  readonly id: string
  readonly name: string
  /** Names of the segments that use it, which keep it from being deleted. */
  readonly segments: readonly string[]
}

/** That a contact, a company or a conversation has a tag. */
export interface AppliedTag {
  readonly id: string
  /** In unix seconds. */
  readonly at: number
  /** The id of the admin. */
  readonly by: string
}

/** The tags of the workspace. Letter case does not tell their names apart. */
export class Tags {
  readonly #byId = new Map<string, Tag>()
  readonly #byName = new Map<string, string>()
  #last = 0

  all(): Iterable<Tag> {
    return this.#byId.values()
  }

  byId(id: string): Tag | undefined {
    return this.#byId.get(id)
  }

  byName(name: string): Tag | undefined {
    return this.#byId.get(this.#byName.get(normalName(name)) ?? '')
  }

  /** The tag of that name, made where there is none. */
  named(name: string): Tag {
    return this.byName(name) ?? this.put({ id: this.#newId(), name, segments: [] })
  }

  /** Throws a 400 where another tag has the name. */
  rename(tag: Tag, name: string): Tag {
    const holder = this.byName(name)
    if (holder !== undefined && holder.id !== tag.id) {
      throw parameterInvalid('Another tag has that name', 'name')
    }
    this.#byName.delete(normalName(tag.name))
    return this.put({ ...tag, name })
  }

  put(tag: Tag): Tag {
    this.#byId.set(tag.id, tag)
    this.#byName.set(normalName(tag.name), tag.id)
    return tag
  }

  remove(tag: Tag): void {
    this.#byId.delete(tag.id)
    this.#byName.delete(normalName(tag.name))
  }

  #newId(): string {
    do this.#last += 1
    while (this.#byId.has(String(this.#last)))
    return String(this.#last)
  }
}

function normalName(name: string): string {
  return name.trim().toLowerCase()
}

/** The list with the tag in it; the same list where it is there already. */
export function withTag(applied: readonly AppliedTag[], tag: AppliedTag): readonly AppliedTag[] {
  return applied.some(({ id }) => id === tag.id) ? applied : [...applied, tag]
}

export function withoutTag(applied: readonly AppliedTag[], id: string): readonly AppliedTag[] {
  return applied.filter((tag) => tag.id !== id)
}

export function tagNames(tags: Tags, applied: readonly AppliedTag[]): string[] {
  return applied.flatMap(({ id }) => tags.byId(id)?.name ?? [])
}

/** A tag as Intercom answers it. */
export function renderTag({ id, name }: Tag) {
  return { type: 'tag', id, name }
}

/** A tag of something, as Intercom answers it. */
export function renderApplied(tags: Tags, { id, at, by }: AppliedTag) {
  const tag = tags.byId(id)
  if (tag === undefined) throw resourceNotFound()
  return { ...renderTag(tag), applied_at: at, applied_by: { type: 'admin', id: by } }
}
