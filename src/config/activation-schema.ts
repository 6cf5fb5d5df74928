import * as z from 'zod/mini'
import { described, removals } from '../connector/index.ts'

const column = z.string().check(z.minLength(1, 'must not be empty'))
const tagName = z.string().check(z.refine((text) => text.trim() !== '', 'must not be empty'))
const separator = z.optional(column)
const onNull = z.enum(['clear', 'skip'])
const columns = z.union([column, z.array(column).check(z.minLength(1, 'must name a column'))])

const mapping = z.union([
  column,
  z.strictObject({
    column: described(z.optional(column), 'The column that feeds the field.'),
    value: described(
      z.optional(z.union([z.string(), z.number(), z.boolean()])),
      'The same value for every row, instead of a column.',
    ),
    on_null: described(z.optional(onNull), 'What a NULL in this column means.'),
    when: described(
      z.optional(z.enum(['always', 'create'])),
      '`create`: the field is sent only when the record is created.',
    ),
  }),
])

const tag = z.union([
  tagName,
  z.strictObject({
    name: described(
      z.optional(tagName),
      'The tag. A text instead of these keys is the tag itself.',
    ),
    when: described(
      z.optional(column),
      'The boolean column that says which rows have the tag; without it, every row.',
    ),
    from: described(
      z.optional(column),
      'Instead of `name`: the column that names the tags, as an array, a JSON array of strings, or text.',
    ),
    prefix: described(z.optional(column), 'With `from`: what is put before each name.'),
    separator: described(
      separator,
      'With `from`: what stands between the names in text. Default: a comma.',
    ),
  }),
])

const company = z.strictObject({
  company_id: described(
    column,
    'The column with the id of one company, or of several: an array, a JSON array of strings, or text.',
  ),
  separator: described(separator, 'What stands between the ids in text. Default: a comma.'),
})

/** Read further by `resolveGuards`; the pattern is for editors. */
const amount = z.optional(
  z.nullable(
    z.union([z.number(), z.string().check(z.meta({ pattern: '^(off|\\d+|\\d+(\\.\\d+)? ?%)$' }))]),
  ),
)

/** One activation file. */
export const activationSchema = described(
  z.strictObject({
    name: described(
      z.optional(z.string()),
      "What the activation is called in commands and reports. Default: the file's name.",
    ),
    description: described(z.optional(z.string()), 'For people; it has no effect.'),
    enabled: described(
      z._default(z.boolean(), true),
      '`false`: the activation is checked, and never runs.',
    ),
    source: described(
      z.optional(z.string()),
      'The name of a source; may be left out where there is one.',
    ),
    query: described(
      z.optional(z.string()),
      'The SQL, sent as it stands: variables are not replaced.',
    ),
    query_file: described(
      z.optional(z.string()),
      'Instead of `query`: a file with the SQL, relative to the activation.',
    ),
    target: described(
      z.string(),
      'What is written: `contact`, or `intercom.contact` where there are several targets.',
    ),
    mode: described(
      z.enum(['upsert', 'update', 'insert', 'delete', 'archive']),
      'What a row means: `upsert` creates a record, or updates it where it exists; `update` and `insert` do one of the two; `delete` and `archive` take it away.',
    ),
    identifier: described(
      z.optional(z.string()),
      'The field by which the target finds a record, mapped from a column. `mode: insert` does without.',
    ),
    key: described(
      z.optional(columns),
      "The column or columns that identify a row between runs. Default: the identifier's column.",
    ),
    fields: described(
      z.record(z.string(), mapping),
      'Field of the target: column of the query, or a mapping with more to say.',
    ),
    on_null: described(
      z._default(onNull, 'clear'),
      'What a NULL means: `clear` empties the field, `skip` leaves it alone.',
    ),
    after: described(
      z.optional(z.union([z.string(), z.array(z.string())])),
      'An activation, or a list of them, that run before this one.',
    ),
    companies: described(
      z.optional(z.array(company)),
      'The companies that a contact shall belong to. Those that millrace attached and that are no longer wanted are detached.',
    ),
    create_missing: described(
      z._default(z.boolean(), false),
      'Whether companies that `companies` names and the target does not have are created.',
    ),
    tags: described(
      z.optional(z.array(tag)),
      'The tags that the record shall have. Those that millrace applied and that are no longer wanted are removed.',
    ),
    admin_id: described(
      z.optional(z.union([column, z.int()])),
      'The admin in whose name tags are set, where what is written asks for one.',
    ),
    on_removed: described(
      z._default(z.enum(removals), 'keep'),
      'What happens to records that millrace wrote and whose rows left the query.',
    ),
    on_archived: described(
      z._default(z.enum(['fail', 'unarchive']), 'fail'),
      'What happens to rows whose record is archived in the target: they fail, or it is unarchived and then updated.',
    ),
    guards: described(
      z.optional(
        z.strictObject({
          min_rows: described(amount, 'Rows that the query has to return, at least. Default: 1.'),
          max_changes: described(
            amount,
            'Creates and updates, at most: a number, or a share of the keys known; the first run is not limited. Default: off.',
          ),
          max_removals: described(
            amount,
            'Records that `on_removed` may touch, at most: a number, or a share of the keys known. Default: 5%.',
          ),
          max_failures: described(
            amount,
            'Rows that may fail before the run stops: a number, or a share of the rows tried, once 50 were. Default: 20%.',
          ),
        }),
      ),
      'Limits that refuse a plan; `off` takes one away.',
    ),
    create_attributes: described(
      z._default(z.boolean(), false),
      'Whether custom attributes that the workspace does not have are created, with the type of their column.',
    ),
    confirm: described(
      z.optional(z.enum(['permanent'])),
      'Allows what cannot be undone: `mode: delete` by another identifier than `id`, and `on_removed: delete`.',
    ),
    keep_values: described(
      z._default(z.boolean(), true),
      '`false`: of what was sent the state keeps hashes, ids and keys, and never values. Not with `tags` and `companies`.',
    ),
    plan_by: described(
      z._default(z.enum(['hash', 'merge']), 'hash'),
      'How rows are compared with the last run: `hash` holds 50 bytes per key in memory, `merge` has the source sort the rows by their key and holds next to nothing.',
    ),
    plan_in: described(
      z._default(z.enum(['runner', 'warehouse']), 'runner'),
      'Where the difference to the last run is computed.',
    ),
  }),
  'One activation: query, target, identifier, mode and mapping.',
)

export type ActivationText = z.infer<typeof activationSchema>
