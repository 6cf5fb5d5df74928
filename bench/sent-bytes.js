// node sent-bytes.js STATE: the bytes of the values that were last sent. A process of its own, since the driver lets go of
// the file some time after it was closed.
import Database from 'libsql'

const database = new Database(process.argv[2], { readonly: true })
const sum = 'select sum(length(cast(sent as blob))) as bytes from snapshot'
process.stdout.write(String(database.prepare(sum).get().bytes))
database.close()
