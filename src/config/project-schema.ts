import * as z from 'zod/mini'
import { described } from '../connector/index.ts'

const connection = described(
  z.looseObject({ type: described(z.string(), 'The kind of system.') }),
  'The options that this kind of system takes.',
)

const connections = z
  .record(z.string(), connection)
  .check(z.refine((named) => Object.keys(named).length > 0, 'must name at least one'))

/** Read further by `resolveRetention`; the pattern is for editors. */
const span = z.optional(
  z.union([
    z.int(),
    z
      .string()
      .check(z.meta({ pattern: '^(forever|[1-9]\\d* ?(runs?|d|days?|w|weeks?)|[1-9]\\d*)$' })),
  ]),
)

const retention = z.optional(
  z.strictObject({
    runs: described(
      span,
      'How long runs and their summaries are kept: a number of runs of each activation, a time such as `90 days` or `12 weeks`, or `forever`. Default: 1000 runs.',
    ),
    outcomes: described(
      span,
      'The same for how each operation of a run ended, and for failures that were resolved; no longer than the runs. Default: 100 runs.',
    ),
  }),
)

const overrides = z.record(z.string(), z.looseObject({}))

/** The file `millrace.yaml`. Each connector adds the options of its own. */
export const projectSchema = described(
  z.strictObject({
    sources: described(
      connections,
      'Warehouse connections by name: `type`, and the options of that type.',
    ),
    targets: described(
      connections,
      'Where rows are sent, by name: `type`, and the options of that type.',
    ),
    state: described(
      z._default(z.string(), '.millrace/state.db'),
      'What remembers what was delivered: a SQLite file, or a database as `postgres://user:password@host/database`.',
    ),
    activations: described(
      z._default(z.string(), 'activations'),
      'The folder with the activations, and folders below it.',
    ),
    retention: described(
      retention,
      'How long history is kept. What the target holds and failures that are open are always kept.',
    ),
    profiles: described(
      z.optional(
        z.record(
          z.string(),
          z.nullable(
            z.strictObject({
              sources: z.optional(overrides),
              targets: z.optional(overrides),
              state: z.optional(z.string()),
              activations: z.optional(z.string()),
              retention,
            }),
          ),
        ),
      ),
      'By name: what differs in an environment such as `dev` or `prod`.',
    ),
  }),
  'The project file `millrace.yaml`.',
)
