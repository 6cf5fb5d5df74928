// How many tools find what has changed, for comparison: each row as the driver's own types, its canonical JSON hashed, and the
// hash looked up in SQLite. node naive.js URL QUERY STATE; where STATE does not exist, it is made from the rows.
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import Database from 'libsql'
import pg from 'pg'
import Cursor from 'pg-cursor'

const [connectionString, query, state] = process.argv.slice(2)

function canonical(value) {
  if (value === null || typeof value !== 'object' || value instanceof Date) {
    return JSON.stringify(value)
  }
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  const names = Object.keys(value).sort()
  return `{${names.map((name) => `${JSON.stringify(name)}:${canonical(value[name])}`).join(',')}}`
}

const isNew = !existsSync(state)
const database = new Database(state)
database.exec('pragma journal_mode = wal')
database.exec('create table if not exists rows (key text primary key, hash text) without rowid')
const insert = database.prepare('insert into rows values (?, ?)')
const find = database.prepare('select hash from rows where key = ?')
if (isNew) database.exec('begin')

const client = new pg.Client({ connectionString })
await client.connect()
const cursor = client.query(new Cursor(query))
let [rows, unchanged] = [0, 0]
for (let batch = await cursor.read(1000); batch.length > 0; batch = await cursor.read(1000)) {
  for (const row of batch) {
    const hash = createHash('sha256').update(canonical(row)).digest('hex')
    rows += 1
    if (isNew) insert.run(row.id, hash)
    else if (find.get(row.id)?.hash === hash) unchanged += 1
  }
}
if (isNew) database.exec('commit')
await client.end()
database.close()
process.stdout.write(JSON.stringify({ rows, unchanged }))
