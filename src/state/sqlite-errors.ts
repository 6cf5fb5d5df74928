import { ConfigurationError, StopRunError } from '../connector/index.ts'

/** The driver's own code, `SQLITE_BUSY`; null where the error is not the driver's. */
function driverCode(error: unknown): string | null {
  if (!(error instanceof Error)) return null
  if ('code' in error && typeof error.code === 'string' && error.code.startsWith('SQLITE_')) {
    return error.code
  }
  // libsql reports a file that it cannot open as a plain error that ends in SQLite's number.
  return error.message.startsWith('ConnectionFailed') ? 'SQLITE_CANTOPEN' : null
}

/** Another connection has the file for the moment. */
export function isBusy(error: unknown): boolean {
  const code = driverCode(error)
  return code !== null && isTransient(code)
}

function isTransient(code: string): boolean {
  return code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED')
}

/** What a code means for the file, and what to do. */
function explain(code: string, file: string): string {
  if (isTransient(code)) {
    return `The state file ${file} is locked by another process. Wait until that one has ended, then run again.`
  }
  if (code.startsWith('SQLITE_NOTADB')) {
    return `The state file ${file} is not a SQLite database. Name another file as \`state\`, or move this one away to start with an empty state.`
  }
  if (code.startsWith('SQLITE_CORRUPT')) {
    return `The state file ${file} is damaged. Restore it from a backup, or move it away to start with an empty state.`
  }
  if (code.startsWith('SQLITE_READONLY') || code.startsWith('SQLITE_PERM')) {
    return `The state file ${file} cannot be written. Give this user write access to the file and to its folder.`
  }
  if (code.startsWith('SQLITE_CANTOPEN')) {
    return `The state file ${file} cannot be opened. Check that its folder exists and that this user may write in it.`
  }
  if (code.startsWith('SQLITE_FULL')) {
    return `The disk that holds the state file ${file} is full. Make room, then run again.`
  }
  if (code.startsWith('SQLITE_IOERR')) {
    return `Reading or writing the state file ${file} failed (${code}). Check the disk; a network file system does not do for it.`
  }
  return `The state file ${file} could not be used (${code}).`
}

/** A constraint that was hurt is our mistake, not the user's: it stays what it is. */
function isOurs(code: string | null): code is null {
  return code === null || code.startsWith('SQLITE_CONSTRAINT') || code === 'SQLITE_ERROR'
}

/**
 * The driver's error while a run is under way, as the user shall see it. Its cause is left behind, since Knex
 * puts statements into messages. Every other error is handed back as it is.
 */
export function translateError(error: unknown, file: string): unknown {
  const code = driverCode(error)
  return isOurs(code) ? error : new StopRunError(explain(code, file))
}

/** The same for opening: a file that cannot be used is a matter of configuration, a file in use is not. */
export function translateOpenError(error: unknown, file: string): unknown {
  const code = driverCode(error)
  if (isOurs(code)) return error
  const message = explain(code, file)
  return isTransient(code) ? new StopRunError(message) : new ConfigurationError(message)
}
