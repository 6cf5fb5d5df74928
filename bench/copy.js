// Stands in for `psql -qc "COPY (query) TO STDOUT" > /dev/null` where there is no psql: node copy.js URL QUERY.
import pg from 'pg'

const [connectionString, query] = process.argv.slice(2)
const client = new pg.Client({ connectionString })
await client.connect()
// The driver reads the rows that COPY sends, and drops them.
await client.query(`COPY (${query}) TO STDOUT`)
await client.end()
