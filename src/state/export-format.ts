import * as z from 'zod/mini'

/** The version of the lines that `exportState` writes; `importState` reads this one and none other. */
export const exportVersion = 1

/** The columns of the snapshot that are carried over: all but the activation and the run, which are of one store. */
export const carried = [
  'key',
  'fingerprint',
  'target_id',
  'sent',
  'removed',
  'confirmed_at',
  'unanswered_since',
] as const

const time = z.int()

/** First line of a file. */
export const headLine = z.strictObject({
  millrace_state: z.int(),
  exported_at: z.string(),
})

/** Begins an activation; its keys follow. */
export const activationLine = z.strictObject({
  activation: z.string().check(z.minLength(1)),
  target: z.nullable(z.string()),
  object: z.nullable(z.string()),
  key_field: z.nullable(z.string()),
  keys_from: z._default(z.nullable(z.string()), null),
  workspace: z._default(z.nullable(z.string()), null),
})

/** One key of the snapshot. */
export const keyLine = z.strictObject({
  key: z.string(),
  fingerprint: z.nullable(z.string()),
  target_id: z.nullable(z.string()),
  sent: z.unknown(),
  removed: z.nullable(z.enum(['archive', 'delete', 'untag'])),
  confirmed_at: z.nullable(time),
  unanswered_since: z.nullable(time),
})

/** Last line: a file that was cut off lacks it. `sha256`: of all lines before it, with their ends, in hexadecimal. */
export const endLine = z.strictObject({
  end: z.literal(true),
  keys: time,
  sha256: z.optional(z.string()),
})

export type KeyLine = z.infer<typeof keyLine>
export type ActivationLine = z.infer<typeof activationLine>
