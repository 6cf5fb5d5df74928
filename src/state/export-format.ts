import { z } from 'zod'

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

const time = z.number().int()

/** First line of a file. */
export const headLine = z.strictObject({
  millrace_state: z.number().int(),
  exported_at: z.string(),
})

/** Begins an activation; its keys follow. */
export const activationLine = z.strictObject({
  activation: z.string().min(1),
  target: z.string().nullable(),
  object: z.string().nullable(),
  key_field: z.string().nullable(),
  keys_from: z.string().nullable().default(null),
  workspace: z.string().nullable().default(null),
})

/** One key of the snapshot. */
export const keyLine = z.strictObject({
  key: z.string(),
  fingerprint: z.string().nullable(),
  target_id: z.string().nullable(),
  sent: z.unknown(),
  removed: z.enum(['archive', 'delete', 'untag']).nullable(),
  confirmed_at: time.nullable(),
  unanswered_since: time.nullable(),
})

/** Last line: a file that was cut off lacks it. `sha256`: of all lines before it, with their ends, in hexadecimal. */
export const endLine = z.strictObject({
  end: z.literal(true),
  keys: time,
  sha256: z.string().optional(),
})

export type KeyLine = z.infer<typeof keyLine>
export type ActivationLine = z.infer<typeof activationLine>
