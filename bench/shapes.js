// What is planned: the activation's fields and the query that feeds them, for narrow, ordinary and wide tables.

const attributes = ['plan', 'mrr', 'seats', 'is_active', 'score', 'last_feature', 'notes']

const custom = (columns) =>
  Object.fromEntries(columns.map((column) => [`custom_attributes.${column}`, column]))

const base = { external_id: 'id', email: 'email', name: 'name' }
const tags = [{ from: 'tags' }]
const all = `${Object.values(base).join(', ')}, signed_up_at, ${attributes.join(', ')}, tags`

/** All 12 columns of a table. */
export function wholeTable(table) {
  return {
    query: `select ${all} from ${table}`,
    fields: { ...base, signed_up_at: 'signed_up_at', ...custom(attributes) },
    tags,
  }
}

/** The same records under another query and mapping: a column has another name. */
export function renamed(table) {
  const shape = wholeTable(table)
  return {
    ...shape,
    query: shape.query.replace(', name,', ', name as full_name,'),
    fields: { ...shape.fields, name: 'full_name' },
  }
}

/** 4 of the 12 columns. */
export function narrow(table) {
  return {
    query: `select id, email, name, seats from ${table}`,
    fields: { ...base, 'custom_attributes.seats': 'seats' },
  }
}

/** 36 columns: the attributes several times over. */
export function wide(table) {
  const more = ['plan', 'mrr', 'seats', 'is_active', 'score', 'last_feature']
  const copies = [2, 3, 4, 5].flatMap((number) => more.map((column) => [column, number]))
  const columns = copies.map(([column, number]) => `${column} as ${column}_${number}`)
  const shape = wholeTable(table)
  return {
    ...shape,
    query: `select ${all}, ${columns.join(', ')} from ${table}`,
    fields: {
      ...shape.fields,
      ...custom(copies.map(([column, number]) => `${column}_${number}`)),
    },
  }
}
