import { z } from 'zod'

const column = z.string().min(1, 'must not be empty')
const share = z.union([z.number(), z.string()])
const onNull = z.enum(['clear', 'skip'])
const columns = z.union([column, z.array(column).min(1, 'must name a column')])

const mapping = z.union([
  column,
  z.strictObject({
    column: column.optional().describe('The column that feeds the field.'),
    value: z
      .union([z.string(), z.number(), z.boolean()])
      .optional()
      .describe('The same value for every row, instead of a column.'),
    on_null: onNull.optional().describe('What a NULL in this column means.'),
    when: z
      .enum(['always', 'create'])
      .optional()
      .describe('`create`: the field is sent only when the record is created.'),
  }),
])

/** One activation file. */
export const activationSchema = z
  .strictObject({
    name: z
      .string()
      .optional()
      .describe("What the activation is called in commands and reports. Default: the file's name."),
    description: z.string().optional().describe('For people; it has no effect.'),
    enabled: z
      .boolean()
      .default(true)
      .describe('`false`: the activation is checked, and never runs.'),
    source: z
      .string()
      .optional()
      .describe('The name of a source; may be left out where there is one.'),
    query: z
      .string()
      .optional()
      .describe('The SQL, sent as it stands: variables are not replaced.'),
    query_file: z
      .string()
      .optional()
      .describe('Instead of `query`: a file with the SQL, relative to the activation.'),
    target: z
      .string()
      .describe(
        'What is written: `contact`, or `intercom.contact` where there are several targets.',
      ),
    mode: z
      .enum(['upsert', 'update', 'insert', 'delete', 'archive'])
      .describe(
        'What a row means: `upsert` creates a record, or updates it where it exists. What is written says which modes it has.',
      ),
    identifier: z
      .string()
      .optional()
      .describe('The field by which the target finds a record. It has to be mapped from a column.'),
    key: columns
      .optional()
      .describe(
        "The column or columns that identify a row between runs. Default: the identifier's column.",
      ),
    fields: z
      .record(z.string(), mapping)
      .describe('Field of the target: column of the query, or a mapping with more to say.'),
    on_null: onNull
      .default('clear')
      .describe('What a NULL means: `clear` empties the field, `skip` leaves it alone.'),
    after: z
      .union([z.string(), z.array(z.string())])
      .optional()
      .describe('An activation, or a list of them, that run before this one.'),
    companies: z
      .array(z.strictObject({ company_id: column }))
      .optional()
      .describe('Companies that the contact belongs to, by column.'),
    tags: z
      .array(
        z.strictObject({
          name: z.string().optional(),
          when: column.optional(),
          from: column.optional(),
          prefix: z.string().optional(),
        }),
      )
      .optional()
      .describe('Tags that the record shall have.'),
    on_removed: z
      .enum(['keep', 'archive', 'delete', 'untag'])
      .default('keep')
      .describe('What happens to records whose rows left the query.'),
    on_archived: z
      .enum(['fail', 'unarchive'])
      .default('fail')
      .describe('What happens to records that are archived in the target.'),
    guards: z
      .strictObject({
        min_rows: z.number().optional(),
        max_changes: share.optional(),
        max_removals: share.optional(),
        max_failures: share.optional(),
      })
      .optional()
      .describe('Limits that refuse a plan.'),
    create_attributes: z
      .boolean()
      .default(false)
      .describe('Whether missing custom attributes are created.'),
    confirm: z.enum(['permanent']).optional().describe('Allows a mode that deletes for good.'),
    keep_values: z
      .boolean()
      .default(true)
      .describe('`false`: what was sent is remembered as hashes only.'),
    plan_in: z
      .enum(['runner', 'warehouse'])
      .default('runner')
      .describe('Where the difference to the last run is computed.'),
  })
  .describe('One activation: query, target, identifier, mode and mapping.')

export type ActivationText = z.infer<typeof activationSchema>
