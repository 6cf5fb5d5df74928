import { z } from 'zod'
import type { Json } from './request.ts'

const applied = z
  .boolean()
  .default(false)
  .describe('Whether the write takes effect all the same, unseen by the client')
const appliedByDefault = applied.default(true)

/** What happens to a request in place of, or around, its proper answer. */
const fault = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('status'),
    status: z.int().min(400).max(599),
    code: z.string().optional().describe("The code in Intercom's error list"),
    message: z.string().optional(),
    body: z.enum(['json', 'html', 'empty']).default('json'),
    headers: z.record(z.string(), z.string()).default({}),
    applied,
  }),
  z.strictObject({ kind: z.literal('reset'), applied }).describe('The connection is cut'),
  z.strictObject({ kind: z.literal('hang'), applied }).describe('No answer ever comes'),
  z
    .strictObject({ kind: z.literal('slow'), milliseconds: z.int().min(0) })
    .describe('The proper answer, late'),
  z
    .strictObject({ kind: z.literal('garbage'), applied: appliedByDefault })
    .describe('200 with a body that is no JSON'),
  z
    .strictObject({ kind: z.literal('truncated'), applied: appliedByDefault })
    .describe('200 with the first half of the proper answer'),
  z
    .strictObject({ kind: z.literal('empty'), applied: appliedByDefault })
    .describe('200 without a body'),
])

/** Which requests a fault meets, and how many of them. */
export const faultRule = z.strictObject({
  method: z.string().toUpperCase().optional(),
  path: z
    .string()
    .optional()
    .describe("The endpoint's path, such as /contacts/{id}, or one path in full"),
  body: z
    .record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()]))
    .optional()
    .describe('Values that the JSON body has to hold; a dot goes one object deeper'),
  skip: z
    .int()
    .min(0)
    .default(0)
    .describe('How many matching requests pass before the first fault'),
  times: z.int().min(1).nullable().default(1).describe('How many are met; null for all'),
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

  /** Throws a `ZodError` for a rule that is none. */
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
