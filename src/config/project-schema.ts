import { z } from 'zod'

const connection = z
  .looseObject({ type: z.string().describe('The kind of system.') })
  .describe('The options that this kind of system takes.')

const connections = z
  .record(z.string(), connection)
  .refine((named) => Object.keys(named).length > 0, 'must name at least one')

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
    profiles: z
      .record(
        z.string(),
        z
          .strictObject({
            sources: overrides.optional(),
            targets: overrides.optional(),
            state: z.string().optional(),
            activations: z.string().optional(),
          })
          .nullable(),
      )
      .optional()
      .describe('By name: what differs in an environment such as `dev` or `prod`.'),
  })
  .describe('The project file `millrace.yaml`.')
