/** The server's fields of an error: https://www.postgresql.org/docs/current/protocol-error-fields.html */
export interface ServerError {
  readonly message: string
  readonly code?: string
  readonly severity?: string
  /** Where in the query's text it is; given for what is wrong with the text itself. */
  readonly position?: string
  readonly detail?: string
  readonly hint?: string
  /** The call stack within the server, innermost first. */
  readonly where?: string
  /** The function of the server's own source code that raised it. */
  readonly routine?: string
}

/** Names of SQLSTATEs: https://www.postgresql.org/docs/current/errcodes-appendix.html */
const conditions: Readonly<Record<string, string>> = {
  '22001': 'string data right truncation: a text is too long for its type',
  '22003': 'numeric value out of range',
  '22004': 'null value not allowed',
  '22007': 'invalid datetime format',
  '22008': 'datetime field overflow',
  '22009': 'invalid time zone displacement value',
  '2200F': 'zero length character string',
  '2200N': 'invalid XML content',
  '22011': 'substring error',
  '22012': 'division by zero',
  '22015': 'interval field overflow',
  '22018': 'invalid character value for cast',
  '2201B': 'invalid regular expression',
  '2201E': 'invalid argument for logarithm',
  '2201F': 'invalid argument for power function',
  '2201W': 'invalid row count in LIMIT clause',
  '2201X': 'invalid row count in OFFSET clause',
  '22021': 'character not in repertoire',
  '22023': 'invalid parameter value',
  '22025': 'invalid escape sequence',
  '22026': 'string data length mismatch',
  '22030': 'duplicate JSON object key value',
  '22032': 'invalid JSON text',
  '22033': 'invalid SQL/JSON subscript',
  '2203A': 'SQL/JSON member not found',
  '22P01': 'floating point exception',
  '22P02': 'invalid text representation: a text cannot be read as the type that it is cast to',
  '22P03': 'invalid binary representation',
  '22P05': 'untranslatable character',
  '21000': 'cardinality violation: a subquery that stands for one value returned several rows',
  P0001: 'an exception that a function raises',
}

const classes: Readonly<Record<string, string>> = {
  '22': 'data exception',
  '23': 'integrity constraint violation',
  '38': 'external routine exception',
  '39': 'external routine invocation exception',
  P0: 'an error of a PL/pgSQL function',
  HV: 'an error of a foreign data wrapper',
}

/** Connections, conflicts, resources and files: after a colon stands what the operating system says. */
const isOfServer = /^(?:08|40|53|55|57|58)/

/** What the server itself writes before the value, with the type's name. */
const typed =
  /^(?:invalid input syntax for type|value ".*" is out of range for type|value too long for type) ([a-z][a-z ]*(?:\(\d+(?:,\d+)?\))?)(?::|$)/s

/**
 * Whether the message may hold values of rows. An error with a position is about the query's text; without one it
 * came up while rows were computed, or planned for.
 */
export function mayHoldValues(error: ServerError): boolean {
  return error.position === undefined || error.routine === 'exec_stmt_raise'
}

/**
 * Such an error in words that hold no value: the name of its SQLSTATE where the error is about data, else the
 * server's message with `***` for what it quotes and the query's text does not.
 */
export function withoutValues(error: ServerError, query: string): string {
  const { code = '', message } = error
  const isRaised = error.routine === 'exec_stmt_raise'
  const name = isRaised ? conditions.P0001 : (conditions[code] ?? classes[code.slice(0, 2)])
  if (name === undefined) return masked(message, query, isOfServer.test(code))
  const type = isRaised ? undefined : typed.exec(message)?.[1]
  const raiser = /^PL\/pgSQL function ([\w."]+)\(.*\) line (\d+)/m.exec(error.where ?? '')
  const places = [
    ...(type === undefined ? [] : [`type ${type}`]),
    ...(raiser === null ? [] : [`function ${raiser[1]}, line ${raiser[2]}`]),
    `SQLSTATE ${code}`,
  ]
  return `${name} (${places.join('; ')}). What Postgres says beyond that is left out, since it may hold values of rows`
}

/** A message about objects; their names may have come from rows too (`select name::regclass`). */
function masked(message: string, query: string, keepsTail: boolean): string {
  const text = query.toLowerCase()
  const isSayable = (name: string) => {
    const literal = name.toLowerCase().replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
    return new RegExp(`(?<![\\p{L}\\p{N}_])${literal}(?![\\p{L}\\p{N}_])`, 'u').test(text)
  }
  // From the first mark to the last, since a value may hold quotation marks itself.
  const named = message.replace(/["«„](.*)["»“]/s, (quoted, name: string) =>
    isSayable(name) ? quoted : '"***"',
  )
  if (keepsTail) return named
  return named.replace(/: (.+)$/s, (tail, said: string) => (isSayable(said) ? tail : ': ***'))
}
