import { z } from 'zod'
import { removals } from '../connector/index.ts'

const column = z.string().min(1, 'must not be empty')
const tagName = z.string().refine((text) => text.trim() !== '', 'must not be empty')
const separator = z.string().min(1, 'must not be empty').optional()
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

const tag = z.union([
  tagName,
  z.strictObject({
    name: tagName.optional().describe('The tag. A text instead of these keys is the tag itself.'),
    when: column
      .optional()
      .describe('The boolean column that says which rows have the tag; without it, every row.'),
    from: column
      .optional()
      .describe(
        'Instead of `name`: the column that names the tags, as an array, a JSON array of strings, or text.',
      ),
    prefix: column.optional().describe('With `from`: what is put before each name.'),
    separator: separator.describe(
      'With `from`: what stands between the names in text. Default: a comma.',
    ),
  }),
])

const company = z.strictObject({
  company_id: column.describe(
    'The column with the id of one company, or of several: an array, a JSON array of strings, or text.',
  ),
  separator: separator.describe('What stands between the ids in text. Default: a comma.'),
})

/** Read further by `resolveGuards`; the pattern is for editors. */
const amount = z
  .union([z.number(), z.string().meta({ pattern: '^(off|\\d+|\\d+(\\.\\d+)? ?%)$' })])
  .nullable()
  .optional()

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
        'What a row means: `upsert` creates a record, or updates it where it exists; `update` and `insert` do one of the two; `delete` and `archive` take it away.',
      ),
    identifier: z
      .string()
      .optional()
      .describe(
        'The field by which the target finds a record, mapped from a column. `mode: insert` does without.',
      ),
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
      .array(company)
      .optional()
      .describe(
        'The companies that a contact shall belong to. Those that millrace attached and that are no longer wanted are detached.',
      ),
    create_missing: z
      .boolean()
      .default(false)
      .describe(
        'Whether companies that `companies` names and the target does not have are created.',
      ),
    tags: z
      .array(tag)
      .optional()
      .describe(
        'The tags that the record shall have. Those that millrace applied and that are no longer wanted are removed.',
      ),
    admin_id: z
      .union([column, z.int()])
      .optional()
      .describe('The admin in whose name tags are set, where what is written asks for one.'),
    on_removed: z
      .enum(removals)
      .default('keep')
      .describe('What happens to records that millrace wrote and whose rows left the query.'),
    on_archived: z
      .enum(['fail', 'unarchive'])
      .default('fail')
      .describe(
        'What happens to rows whose record is archived in the target: they fail, or it is unarchived and then updated.',
      ),
    guards: z
      .strictObject({
        min_rows: amount.describe('Rows that the query has to return, at least. Default: 1.'),
        max_changes: amount.describe(
          'Creates and updates, at most: a number, or a share of the keys known; the first run is not limited. Default: off.',
        ),
        max_removals: amount.describe(
          'Records that `on_removed` may touch, at most: a number, or a share of the keys known. Default: 5%.',
        ),
        max_failures: amount.describe(
          'Rows that may fail before the run stops: a number, or a share of the rows tried, once 50 were. Default: 20%.',
        ),
      })
      .optional()
      .describe('Limits that refuse a plan; `off` takes one away.'),
    create_attributes: z
      .boolean()
      .default(false)
      .describe(
        'Whether custom attributes that the workspace does not have are created, with the type of their column.',
      ),
    confirm: z
      .enum(['permanent'])
      .optional()
      .describe(
        'Allows what cannot be undone: `mode: delete` by another identifier than `id`, and `on_removed: delete`.',
      ),
    keep_values: z
      .boolean()
      .default(true)
      .describe(
        '`false`: of what was sent the state keeps hashes, ids and keys, and never values. Not with `tags` and `companies`.',
      ),
    plan_by: z
      .enum(['hash', 'merge'])
      .default('hash')
      .describe(
        'How rows are compared with the last run: `hash` holds 50 bytes per key in memory, `merge` has the source sort the rows by their key and holds next to nothing.',
      ),
    plan_in: z
      .enum(['runner', 'warehouse'])
      .default('runner')
      .describe('Where the difference to the last run is computed.'),
  })
  .describe('One activation: query, target, identifier, mode and mapping.')

export type ActivationText = z.infer<typeof activationSchema>
