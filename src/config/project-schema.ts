import { z } from 'zod'

const connection = z
  .looseObject({ type: z.string().describe('The kind of system.') })
  .describe('The options that this kind of system takes.')

const connections = z
  .record(z.string(), connection)
  .refine((named) => Object.keys(named).length > 0, 'must name at least one')

/** Read further by `resolveRetention`; the pattern is for editors. */
const span = z
  .union([
    z.int(),
    z.string().meta({ pattern: '^(forever|[1-9]\\d* ?(runs?|d|days?|w|weeks?)|[1-9]\\d*)$' }),
  ])
  .optional()

const retention = z
  .strictObject({
    runs: span.describe(
      'How long runs and their summaries are kept: a number of runs of each activation, a time such as `90 days` or `12 weeks`, or `forever`. Default: 1000 runs.',
    ),
    outcomes: span.describe(
      'The same for how each operation of a run ended, and for failures that were resolved; no longer than the runs. Default: 100 runs.',
    ),
  })
  .optional()

const overrides = z.record(z.string(), z.looseObject({}))

/** The file `millrace.yaml`. Each connector adds the options of its own. */
export const projectSchema = z
  .strictObject({
    sources: connections.describe(
      'Warehouse connections by name: `type`, and the options of that type.',
    ),
    targets: connections.describe(
      'Where rows are sent, by name: `type`, and the options of that type.',
    ),
    state: z
      .string()
      .default('.millrace/state.db')
      .describe(
        'What remembers what was delivered: a SQLite file, or a database as `postgres://user:password@host/database`.',
      ),
    activations: z
      .string()
      .default('activations')
      .describe('The folder with the activations, and folders below it.'),
    retention: retention.describe(
      'How long history is kept. What the target holds and failures that are open are always kept.',
    ),
    profiles: z
      .record(
        z.string(),
        z
          .strictObject({
            sources: overrides.optional(),
            targets: overrides.optional(),
            state: z.string().optional(),
            activations: z.string().optional(),
            retention,
          })
          .nullable(),
      )
      .optional()
      .describe('By name: what differs in an environment such as `dev` or `prod`.'),
  })
  .describe('The project file `millrace.yaml`.')
