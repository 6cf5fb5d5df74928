import * as z from 'zod/mini'

/** A schema with what help, editors and the reference say of it. */
export function described<Schema extends z.ZodMiniType>(
  schema: Schema,
  description: string,
): Schema {
  return schema.check(z.describe(description))
}
