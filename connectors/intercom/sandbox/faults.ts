import * as z from 'zod/mini'
import { described } from '../../../src/connector/index.ts'
import type { Json } from './request.ts'

const applied = described(
  z._default(z.boolean(), false),
  'Whether the write takes effect all the same, unseen by the client',
)
const appliedByDefault = z._default(applied, true)

/** What happens to a request in place of, or around, its proper answer. */
const fault = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('status'),
    status: z.int().check(z.minimum(400), z.maximum(599)),
    code: described(z.optional(z.string()), "The code in Intercom's error list"),
    message: z.optional(z.string()),
    body: z._default(z.enum(['json', 'html', 'empty']), 'json'),
    headers: z._default(z.record(z.string(), z.string()), {}),
    applied,
  }),
  described(z.strictObject({ kind: z.literal('reset'), applied }), 'The connection is cut'),
  described(z.strictObject({ kind: z.literal('hang'), applied }), 'No answer ever comes'),
  described(
    z.strictObject({ kind: z.literal('slow'), milliseconds: z.int().check(z.minimum(0)) }),
    'The proper answer, late',
  ),
  described(
    z.strictObject({ kind: z.literal('garbage'), applied: appliedByDefault }),
    '200 with a body that is no JSON',
  ),
  described(
    z.strictObject({ kind: z.literal('truncated'), applied: appliedByDefault }),
    '200 with the first half of the proper answer',
  ),
  described(
    z.strictObject({ kind: z.literal('empty'), applied: appliedByDefault }),
    '200 without a body',
  ),
])

/** Which requests a fault meets, and how many of them. */
export const faultRule = z.strictObject({
  method: z.optional(z.string().check(z.toUpperCase())),
  path: described(
    z.optional(z.string()),
    "The endpoint's path, such as /contacts/{id}, or one path in full",
  ),
  body: described(
    z.optional(z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()]))),
    'Values that the JSON body has to hold; a dot goes one object deeper',
  ),
  skip: described(
    z._default(z.int().check(z.minimum(0)), 0),
    'How many matching requests pass before the first fault',
  ),
  times: described(
    z._default(z.nullable(z.int().check(z.minimum(1))), 1),
    'How many are met; null for all',
  ),
  fault,
})

export type Fault = z.infer<typeof fault>
export type FaultRule = z.infer<typeof faultRule>
export type FaultRuleInput = z.input<typeof faultRule>

/** A request, as far as a rule can tell requests apart. */
export interface FaultSubject {
  readonly method: string
  readonly path: string
  /** The path with ids left out; null where there is no such endpoint. */
  readonly template: string | null
  readonly body: Json
}

/** The rules in force. The first rule that meets a request decides; a rule that is used up is gone. */
export class Faults {
  #rules: FaultRule[] = []

  /** Throws a `$ZodError` for a rule that is none. */
  add(rules: FaultRuleInput | readonly FaultRuleInput[]): void {
    const list = Array.isArray(rules) ? rules : [rules]
    this.#rules.push(...list.map((rule) => faultRule.parse(rule)))
  }

  clear(): void {
    this.#rules = []
  }

  list(): readonly FaultRule[] {
    return this.#rules
  }

  /** The fault for a request, if any; counts the request against the rules that match it. */
  next(subject: FaultSubject): Fault | null {
    if (this.#rules.length === 0) return null
    for (const [index, rule] of this.#rules.entries()) {
      if (!matches(rule, subject)) continue
      if (rule.skip > 0) {
        this.#rules[index] = { ...rule, skip: rule.skip - 1 }
        continue
      }
      if (rule.times === 1) this.#rules.splice(index, 1)
      else if (rule.times !== null) this.#rules[index] = { ...rule, times: rule.times - 1 }
      return rule.fault
    }
    return null
  }
}

function matches(rule: FaultRule, subject: FaultSubject): boolean {
  if (rule.method !== undefined && rule.method !== subject.method) return false
  if (rule.path !== undefined && rule.path !== subject.template && rule.path !== subject.path) {
    return false
  }
  return Object.entries(rule.body ?? {}).every(
    ([path, wanted]) => valueAt(subject.body, path) === wanted,
  )
}

function valueAt(body: Json, path: string): unknown {
  let value: unknown = body
  for (const name of path.split('.')) value = (value as Json | null | undefined)?.[name]
  return value
}
