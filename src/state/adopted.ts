/** In SQL: a key of the snapshot whose record was looked up by its identifier, and nothing was ever sent to it. */
export const isAdopted = 'sent is null and target_id is not null and confirmed_at is not null'

/** In SQL, of an upsert that learns an id: what was looked up is adopted still where the id is that one, and else no longer. */
export const unadoptedByOther = `confirmed_at = case when snapshot.sent is null
  and (snapshot.target_id is null or snapshot.target_id <> excluded.target_id) then null else snapshot.confirmed_at end`
