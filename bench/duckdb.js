// DuckDB as the warehouse: a file with a table of the same twelve columns.
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { importAll } from './deliver.js'
import { unlessInterrupted } from './interruption.js'
import { inTurns, summarizeRounds } from './measure.js'
import { runVariant } from './planner.js'
import { wholeTable } from './shapes.js'
import { makeWorkspace } from './workspace.js'

const contacts = (rows) => `create table contacts as
  select md5('id' || n) as id,
    'person' || n || '@company' || (r % 50000) || '.example.com' as email,
    ['Ada','Grace','Linus','Jürgen','Mária','Chen','Olu','Sofia'][1 + r % 8] || ' ' ||
      ['Lovelace','Hopper','Torvalds','Müller','Novak','Wei','Adeyemi','Rossi'][1 + (r // 8) % 8] as name,
    ['free','starter','growth','enterprise'][1 + (r // 64) % 4] as plan,
    ((r % 100000) / 100)::decimal(12,2) as mrr, (1 + (r // 7) % 500)::integer as seats,
    timestamptz '2018-01-01 00:00:00+00' + to_seconds(r % 250000000) as signed_up_at,
    r % 3 <> 0 as is_active, (r % 1000003) / 1000003 as score,
    case when r % 9 = 0 then null else ['dashboards','exports','api_tokens','sso','alerts'][1 + (r // 11) % 5] end as last_feature,
    case r % 4 when 0 then ['beta'] when 1 then ['beta','vip','eu'] when 2 then ['trial','needs review'] else []::varchar[] end as tags,
    case when r % 3 = 1 then 'Spoke on the phone about renewal; wants a demo of "exports" and pricing, ref ' || n else null end as notes
  from (select n, (hash(n) % 4294967296)::bigint as r from range(${rows}) s(n))`

/** Unchanged runs over so many rows of a DuckDB file. */
export async function benchDuckDb({ rows, rounds, note }) {
  const workspace = await makeWorkspace({ type: 'duckdb', path: 'warehouse.duckdb' })
  try {
    note(`DuckDB, ${rows} rows: making the table`)
    const instance = await DuckDBInstance.create(join(workspace.folder, 'warehouse.duckdb'))
    const connection = await instance.connect()
    try {
      await unlessInterrupted(connection.run(contacts(rows)))
    } finally {
      connection.closeSync()
      instance.closeSync()
    }
    note(`DuckDB, ${rows} rows: importing the state`)
    const shape = wholeTable('contacts')
    await importAll(workspace, shape, rows)
    note(`DuckDB, ${rows} rows: ${rounds} rounds`)
    const name = 'run, unchanged'
    const expected = { rows, unchanged: rows }
    const variant = runVariant(workspace, { name, shape, state: 'kept', expected })
    const measured = (await inTurns([variant], rounds)).get(name)
    const summary = summarizeRounds(measured, null)
    const rowsPerSecond = Math.round(rows / summary.seconds)
    const results = [{ name, ...summary, rows_per_second: rowsPerSecond }]
    return { rows, columns: 12, results }
  } finally {
    await workspace.dispose()
  }
}
