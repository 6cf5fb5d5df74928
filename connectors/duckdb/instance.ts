import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import {
  ConfigurationError,
  type ConnectorContext,
  StopRunError,
} from '../../src/connector/index.ts'
import type { DuckDbOptions } from './index.ts'

let opened = 0

/**
 * Opens the database file, or an empty database in memory, such that queries cannot change settings or load code.
 * Throws `ConfigurationError` where the file or an option is wrong, `StopRunError` where another process holds the file.
 */
export async function openInstance(
  options: DuckDbOptions,
  context: ConnectorContext,
): Promise<DuckDBInstance> {
  const file = options.path === undefined ? null : resolve(context.projectFolder, options.path)
  opened += 1
  const settings: Record<string, string> = {
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    errors_as_json: 'true',
    file_search_path: context.projectFolder,
    // DuckDB names its files by number alone, so every instance needs a folder of its own; it makes and removes it.
    temp_directory: join(tmpdir(), `millrace-duckdb-${process.pid}-${opened}`),
    ...(file === null ? {} : { access_mode: 'READ_ONLY' }),
  }
  if (options.threads !== undefined) settings.threads = String(options.threads)

  let instance: DuckDBInstance
  try {
    instance = await DuckDBInstance.create(file ?? ':memory:', settings)
  } catch (error) {
    throw openError(error as Error, file)
  }
  const connection = await instance.connect()
  try {
    await connection.run("SET GLOBAL TimeZone = 'UTC'")
    if (options.memory_limit !== undefined) {
      await connection.run(`SET GLOBAL memory_limit = '${options.memory_limit}'`)
    }
    await connection.run('SET GLOBAL lock_configuration = true')
    return instance
  } catch (error) {
    instance.closeSync()
    throw new ConfigurationError(`DuckDB refuses an option of the source: ${String(error)}`)
  } finally {
    connection.closeSync()
  }
}

function openError(error: Error, file: string | null): ConfigurationError | StopRunError {
  const { message } = error
  const options = { cause: error }
  if (/does not exist|No such file/.test(message)) {
    return new ConfigurationError(
      `There is no DuckDB database at ${file}: correct \`path\` (relative to the project file), or leave it out to read files by their paths.`,
      options,
    )
  }
  // The second is what DuckDB says of a CSV, Parquet or JSON file.
  if (/not a valid DuckDB database|launch in-memory database in read-only/.test(message)) {
    return new ConfigurationError(
      `${file} is not a DuckDB database. To query a CSV, Parquet or JSON file leave \`path\` out and write its path in the query: select * from 'data/people.csv'.`,
      options,
    )
  }
  const holder = /lock is held in (.*?PID \d+\)?)/.exec(message)?.[1]
  if (holder !== undefined || /set lock/.test(message)) {
    return new StopRunError(
      `The DuckDB database ${file} is in use by another process${holder === undefined ? '' : `, ${holder}`}: wait until it is done, or read a copy of the file.`,
      options,
    )
  }
  return new StopRunError(
    `DuckDB cannot open ${file ?? 'a database in memory'}: ${message}`,
    options,
  )
}
