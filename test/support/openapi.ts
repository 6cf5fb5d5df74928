import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Ajv2019, type ValidateFunction } from 'ajv/dist/2019.js'
import addFormats from 'ajv-formats'
import { parse } from 'yaml'

/** Intercom's own description of its API, to check requests and answers against. */
export interface OpenApi {
  /** What is wrong with the body of a request; empty where nothing is. Fields that are not described are wrong. */
  validateRequest(method: string, path: string, body: unknown): string[]
  /**
   * What is wrong with an answer; a status of 400 and above that is not described has to be an error list, and what is
   * described without a body has to have none.
   */
  validateResponse(method: string, path: string, status: number, body: unknown): string[]
}

/** A place where the description is wrong, what it should say, and how that is known. */
export interface Correction {
  /** Dots go one object deeper; `|` stands for a slash or dot inside a name. */
  readonly at: string
  readonly to: unknown
  readonly because: string
}

const anyValue = { type: ['string', 'number', 'boolean', 'null'] }
const nullableText = { type: ['string', 'null'] }
const nullClears =
  'null clears a company field by analogy with contacts; the description has no way to clear'
const relative = "the description's own examples hold relative addresses, which are no URIs"

/** Where the description contradicts its own examples or recorded traffic. */
export const corrections: readonly Correction[] = [
  ...['company', 'create_or_update_company_request', 'update_company_request'].map((schema) => ({
    at: `components.schemas.${schema}.properties.custom_attributes.additionalProperties`,
    to: anyValue,
    because:
      "values are said to be strings; the description's own examples hold numbers and booleans",
  })),
  ...['create_or_update_company_request', 'update_company_request'].flatMap((schema) => [
    ...['name', 'plan', 'website', 'industry'].map((name) => ({
      at: `components.schemas.${schema}.properties.${name}`,
      to: nullableText,
      because: nullClears,
    })),
    ...['size', 'monthly_spend'].map((name) => ({
      at: `components.schemas.${schema}.properties.${name}`,
      to: { type: ['integer', 'null'] },
      because: nullClears,
    })),
  ]),
  {
    at: 'components.schemas.create_or_update_company_request.properties.remote_created_at',
    to: { type: ['integer', 'null'] },
    because: nullClears,
  },
  {
    at: 'components.schemas.update_contact_request.properties.email',
    to: nullableText,
    because: 'null clears the email: recorded',
  },
  {
    at: 'components.schemas.contact.properties.email',
    to: nullableText,
    because: 'a contact without an email is answered with null: recorded',
  },
  ...['contact_tags', 'contact_notes', 'contact_companies'].map((schema) => ({
    at: `components.schemas.${schema}.properties.url`,
    to: { type: 'string' },
    because: relative,
  })),
  {
    at: 'components.schemas.addressable_list.properties.type',
    to: { type: 'string' },
    because: "an object's type is said to be a URI; the description's own examples say tag",
  },
  ...['addressable_list', 'company_data'].map((schema) => ({
    at: `components.schemas.${schema}.properties.url`,
    to: { type: 'string' },
    because: relative,
  })),
  {
    at: 'components.schemas.contact_attached_companies.properties',
    to: {
      type: { type: 'string', enum: ['list'] },
      data: { type: 'array', items: { $ref: '#/components/schemas/company' } },
      total_count: { type: 'integer' },
      pages: { $ref: '#/components/schemas/pages_link' },
    },
    because: "the description's own example has the companies in data, not in companies",
  },
  {
    at: 'paths./tags.post.requestBody.content.application/json.schema',
    to: {
      anyOf: [
        { $ref: '#/components/schemas/create_or_update_tag_request' },
        { $ref: '#/components/schemas/tag_company_request' },
        { $ref: '#/components/schemas/untag_company_request' },
        { $ref: '#/components/schemas/tag_multiple_users_request' },
      ],
    },
    because: 'what tags companies fits three of the four cases, so that nothing fits exactly one',
  },
  {
    at: 'components.schemas.data_attribute.properties.data_type.enum',
    to: ['string', 'integer', 'float', 'boolean', 'date', 'options'],
    because: 'the changelog of 2.14: lists are answered with data_type options',
  },
  {
    at: 'components.schemas.data_attribute.properties.options.items',
    to: { type: 'object', properties: { value: { type: 'string' } }, required: ['value'] },
    because: 'the changelog of 2.14: options are answered as objects with a value',
  },
  {
    at: 'components.schemas.update_data_attribute_request.oneOf',
    to: [{ properties: { options: { type: 'array' } } }],
    because: 'its second case matches everything, so that nothing with options matches exactly one',
  },
  {
    at: 'paths./companies.get.responses.200.content.application/json.schema',
    to: { $ref: '#/components/schemas/company' },
    because: 'a look-up by company_id answers one company: older descriptions and live clients',
  },
]

const file = fileURLToPath(new URL('../../../shared/intercom/openapi-2.16.yaml', import.meta.url))

let loaded: OpenApi | null | undefined

/** The description of 2.16; null where it is not beside the repository, which is said once. */
export function openapi(): OpenApi | null {
  if (loaded === undefined) {
    if (existsSync(file)) loaded = load()
    else {
      loaded = null
      console.warn(
        `Skipped: checks against Intercom's OpenAPI description, since ${file} is absent.`,
      )
    }
  }
  return loaded
}

type Node = { [name: string]: unknown }

function load(): OpenApi {
  const document = parse(readFileSync(file, 'utf8'), { uniqueKeys: false }) as Node
  for (const correction of corrections) correct(document, correction)
  const ajv = new Ajv2019({ strict: false, allErrors: true, validateFormats: true, logger: false })
  addFormats.default(ajv)
  const { components, paths } = document as { components: Node; paths: { [path: string]: Node } }
  ajv.addSchema({ $id: 'openapi', components: translate(components) })
  const compiled = new Map<string, ValidateFunction>()
  const check = (name: string, schema: unknown, strict: boolean, body: unknown): string[] => {
    let validate = compiled.get(name)
    if (validate === undefined) {
      const translated = translate(schema) as Node
      validate = ajv.compile(
        strict ? { allOf: [translated], unevaluatedProperties: false } : translated,
      )
      compiled.set(name, validate)
    }
    validate(body)
    return (validate.errors ?? []).map((error) => {
      const detail = JSON.stringify(error.params)
      return `${name}: ${error.instancePath || 'the body'} ${error.message} ${detail}`
    })
  }
  const operation = (method: string, path: string) => {
    const template = findTemplate(Object.keys(paths), path.split('?')[0] ?? '')
    const found = template === null ? undefined : paths[template]?.[method.toLowerCase()]
    return found === undefined ? null : { name: `${method} ${template}`, found: found as Node }
  }
  return {
    validateRequest(method, path, body) {
      const described = operation(method, path)
      if (described === null) return [`${method} ${path} is not described`]
      const schema = dig(described.found, ['requestBody', 'content', 'application/json', 'schema'])
      if (schema === undefined) return [`${described.name} is described without a body`]
      return check(`${described.name} request`, schema, true, body)
    },
    validateResponse(method, path, status, body) {
      const described = operation(method, path)
      const steps = ['responses', String(status), 'content', 'application/json', 'schema']
      const schema = described === null ? undefined : dig(described.found, steps)
      if (schema !== undefined) return check(`${described?.name} ${status}`, schema, false, body)
      const bare = described !== null && isBare(described.found, status)
      if (bare && status < 400) return body ? [`${described.name} answers with a body`] : []
      if (status < 400) return [`${method} ${path} is not described with status ${status}`]
      return check('error', { $ref: '#/components/schemas/error' }, false, body)
    },
  }
}

/** Whether a status is described as one without a body. */
function isBare(operation: Node, status: number): boolean {
  const response = dig(operation, ['responses', String(status)]) as Node | undefined
  return response !== undefined && response.content === undefined
}

function dig(node: unknown, steps: readonly string[]): unknown {
  let at = node
  for (const step of steps) at = (at as Node | undefined)?.[step]
  return at
}

/** Throws where the place is gone: the description may have been mended. */
function correct(document: Node, { at, to }: Correction): void {
  const steps = at.split('.')
  const last = steps.pop() ?? ''
  const parent = dig(document, steps) as Node | undefined
  if (parent?.[last] === undefined) throw new Error(`The description has no ${at}`)
  parent[last] = to
}

/** The path with the fewest parameters goes first: `/contacts/search` before `/contacts/{id}`. */
function findTemplate(templates: readonly string[], path: string): string | null {
  const segments = path.split('/')
  const parameters = (template: string) => template.split('{').length
  const matching = templates.filter((template) => {
    const parts = template.split('/')
    return (
      parts.length === segments.length &&
      parts.every((part, index) => part.startsWith('{') || part === segments[index])
    )
  })
  return matching.sort((a, b) => parameters(a) - parameters(b))[0] ?? null
}

/** From OpenAPI 3.0 to JSON Schema: `nullable`, and references that hold outside the document. */
function translate(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(translate)
  if (typeof node !== 'object' || node === null) return node
  const schema: Node = {}
  for (const [name, value] of Object.entries(node)) {
    if (name === 'example' || name === 'examples' || name === 'nullable') continue
    schema[name] = name === '$ref' ? `openapi${String(value)}` : translate(value)
  }
  return (node as Node).nullable === true ? orNull(schema) : schema
}

function orNull(schema: Node): Node {
  return { anyOf: [schema, { type: 'null' }] }
}
