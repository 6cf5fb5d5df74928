import { builtInAttributes } from './built-in-attributes.ts'
import type { AttributeValue } from './contact.ts'
import { ApiError, parameterInvalid, typeMismatch } from './errors.ts'
import type { SandboxOptions } from './options.ts'
import { isObject, type Json } from './request.ts'

export type Model = 'contact' | 'company'

export const attributeTypes = ['string', 'integer', 'float', 'boolean', 'date'] as const
export type AttributeType = (typeof attributeTypes)[number]

/** A custom attribute of contacts or companies. */
export interface Attribute {
  readonly id: number
  readonly model: Model
  readonly name: string
  readonly type: AttributeType
  /** The values it may take; null where it is no list. */
  readonly options: readonly string[] | null
  readonly description: string | null
  readonly messengerWritable: boolean
  readonly archived: boolean
  /** Whether something depends on it, which keeps it from being archived. */
  readonly dependent: boolean
  readonly createdAt: number
  readonly updatedAt: number
}

const longestString = 255

/** The custom attributes of the workspace. Names are unique across contacts and companies. */
export class Attributes {
  readonly #options: SandboxOptions
  readonly #seconds: () => number
  readonly #byName = new Map<string, Attribute>()
  readonly #byId = new Map<number, string>()
  #active = 0

  constructor(options: SandboxOptions, seconds: () => number) {
    this.#options = options
    this.#seconds = seconds
    for (const text of options.attributes) this.create(parseAttribute(text))
  }

  all(): Iterable<Attribute> {
    return this.#byName.values()
  }

  /** The attribute of that name, unless it is archived or belongs to the other model. */
  find(model: Model, name: string): Attribute | undefined {
    const attribute = this.#byName.get(name)
    return attribute?.archived === false && attribute.model === model ? attribute : undefined
  }

  byId(id: number): Attribute | undefined {
    const name = this.#byId.get(id)
    return name === undefined ? undefined : this.#byName.get(name)
  }

  /** Throws a 400 where the name is taken, has letters that it may not have, or there are too many. */
  create(wanted: NewAttribute): Attribute {
    const holder = this.#byName.get(wanted.name)?.model ?? standardHolder(wanted)
    if (holder !== undefined) {
      const [held, asked] = [holder, wanted.model].map((model) =>
        model === 'contact' ? 'people' : 'company',
      )
      throw parameterInvalid(
        `You already have '${wanted.name}' in your ${held} data. To save this as new ${asked} data, use a different name.`,
      )
    }
    if (!/^[\p{L}\p{N}\p{Sc}_\- ]+$/u.test(wanted.name)) {
      throw parameterInvalid(
        'Your name for this attribute must only contain alphanumeric characters, currency symbols, and hyphens',
      )
    }
    this.#refuseBeyondLimit()
    const now = this.#seconds()
    const attribute: Attribute = {
      description: null,
      messengerWritable: false,
      dependent: false,
      ...wanted,
      id: this.#byId.size + 1,
      archived: false,
      createdAt: now,
      updatedAt: now,
    }
    this.#byId.set(attribute.id, attribute.name)
    this.#byName.set(attribute.name, attribute)
    this.#active += 1
    return attribute
  }

  /** Throws a 400 where an archived attribute would come back as one too many. */
  change(attribute: Attribute, changes: Partial<Attribute>): Attribute {
    if (attribute.archived && changes.archived === false) this.#refuseBeyondLimit()
    const changed = { ...attribute, ...changes, updatedAt: this.#seconds() }
    this.#byName.set(changed.name, changed)
    this.#active += Number(attribute.archived) - Number(changed.archived)
    return changed
  }

  /**
   * The values as they are kept, null for cleared. Throws a 400 for an attribute that does not exist or is archived,
   * and for a value of another type; one such value refuses the whole request.
   */
  accept(model: Model, values: unknown): Record<string, AttributeValue> {
    if (values === undefined || values === null) return {}
    if (!isObject(values)) throw typeMismatch('custom_attributes', 'an object')
    // An attribute may be named __proto__, which a plain assignment would lose.
    return Object.fromEntries(
      Object.keys(values).map((name) => [name, this.#accept(model, name, values)]),
    )
  }

  #refuseBeyondLimit(): void {
    const most = this.#options.attribute_limit
    if (this.#active < most) return
    throw new ApiError(
      400,
      'custom_data_limit_reached',
      `There are ${most} custom attributes already`,
    )
  }

  #accept(model: Model, name: string, values: Json): AttributeValue {
    const attribute = this.find(model, name)
    if (attribute === undefined) {
      throw parameterInvalid(`Custom attribute '${name}' does not exist`)
    }
    const value = values[name]
    if (value === null || value === undefined) return null
    switch (attribute.type) {
      case 'string':
        return this.#acceptString(attribute, value)
      case 'boolean':
        if (typeof value !== 'boolean') throw typeMismatch(path(name), 'true or false')
        return value
      case 'float':
        if (typeof value !== 'number') throw typeMismatch(path(name), 'a number')
        return value
      default:
        if (typeof value !== 'number' || !Number.isSafeInteger(value)) {
          const expected =
            attribute.type === 'date' ? 'unix seconds, a whole number' : 'a whole number'
          throw typeMismatch(path(name), expected)
        }
        return value
    }
  }

  #acceptString(attribute: Attribute, value: unknown): string {
    if (typeof value !== 'string') throw typeMismatch(path(attribute.name), 'a string')
    const offered = attribute.options?.includes(value) ?? true
    if (!offered && this.#options.unknown_choices === 'reject') {
      throw parameterInvalid(
        `Custom attribute '${attribute.name}' does not have that option`,
        path(attribute.name),
      )
    }
    if (value.length <= longestString) return value
    if (this.#options.long_strings === 'truncate') return value.slice(0, longestString)
    throw parameterInvalid(
      `Custom attribute '${attribute.name}' takes ${longestString} characters at most`,
      path(attribute.name),
    )
  }
}

export type NewAttribute = Pick<Attribute, 'model' | 'name' | 'type' | 'options'> &
  Partial<Pick<Attribute, 'description' | 'messengerWritable' | 'dependent'>>

/** The model, where the name is that of one of its standard attributes. */
function standardHolder({ model, name }: NewAttribute): Model | undefined {
  const taken = builtInAttributes.some((one) => one.model === model && one.full_name === name)
  return taken ? model : undefined
}

function path(name: string): string {
  return `custom_attributes.${name}`
}

/** Reads `contact.seats:integer` or `company.tier:options(a|b)`, checked before. */
export function parseAttribute(text: string): NewAttribute {
  const colon = text.lastIndexOf(':')
  const dot = text.indexOf('.')
  const [type, choices] = text.slice(colon + 1).split(/[()]/)
  return {
    model: text.slice(0, dot) as Model,
    name: text.slice(dot + 1, colon),
    type: type === 'options' ? 'string' : (type as AttributeType),
    options: choices === undefined ? null : choices.split('|'),
  }
}
