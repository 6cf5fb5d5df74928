import { Argument, Command } from 'commander'
import { action, type Session } from './action.ts'
import { type CommandContext, exitCodes } from './context.ts'

async function schema(
  { context }: Session,
  _options: unknown,
  file: 'activation' | 'project',
): Promise<number> {
  const { activationJsonSchema, projectJsonSchema } = await import('../config/json-schema.ts')
  const make = file === 'project' ? projectJsonSchema : activationJsonSchema
  await context.stdout.write(`${JSON.stringify(await make(context.connectors), null, 2)}\n`)
  return exitCodes.done
}

export function schemaCommand(context: CommandContext): Command {
  return new Command('schema')
    .description('Print the JSON Schema of activation or project files, for editors.')
    .addArgument(
      new Argument('[file]', 'which kind of file')
        .choices(['activation', 'project'])
        .default('activation'),
    )
    .addHelpText(
      'after',
      `
Editors with the YAML language server (VS Code, Neovim, JetBrains) complete and check a file that
names its schema in its first line:
  # yaml-language-server: $schema=../activation.schema.json

Examples:
  $ millrace schema activation > activation.schema.json
  $ millrace schema project > project.schema.json`,
    )
    .action(action<unknown, ['activation' | 'project']>(context, schema))
}
