import type { Activation } from '../config/activation.ts'

/** The names of the columns that an activation looks at, each once: what else a query returns does not matter. */
export function usedColumns({ fields, tags, companies, key }: Activation): readonly string[] {
  return [
    ...new Set([
      ...fields.flatMap(({ from }) => ('column' in from ? [from.column] : [])),
      ...(tags ?? []).flatMap((rule) => ('column' in rule ? [rule.column] : (rule.when ?? []))),
      ...(companies ?? []).map(({ column }) => column),
      ...(key ?? []),
    ]),
  ]
}
