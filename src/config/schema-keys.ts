import type * as z from 'zod/mini'

/** The parts of a zod schema's definition that lead on to other schemas. */
interface Definition {
  readonly shape?: Readonly<Record<string, z.core.$ZodType>>
  readonly element?: z.core.$ZodType
  readonly valueType?: z.core.$ZodType
  readonly innerType?: z.core.$ZodType
  readonly in?: z.core.$ZodType
  readonly options?: readonly z.core.$ZodType[]
}

/** The keys that a schema knows at a path: what somebody who wrote another one may have meant. */
export function keysAt(schema: z.core.$ZodType, path: readonly PropertyKey[]): readonly string[] {
  const definition = schema._zod.def as Definition
  const through = definition.innerType ?? definition.in
  if (through !== undefined) return keysAt(through, path)
  if (definition.options !== undefined) {
    return [...new Set(definition.options.flatMap((option) => keysAt(option, path)))]
  }
  const [step, ...rest] = path
  if (step === undefined) return Object.keys(definition.shape ?? {})
  const next = definition.shape?.[String(step)] ?? definition.valueType ?? definition.element
  return next === undefined ? [] : keysAt(next, rest)
}
