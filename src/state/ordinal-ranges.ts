/** Ordinals that follow one another: the first, and how many. */
export type Range = readonly [first: number, count: number]

/** Distinct ordinals, in any order, as few ranges in order. */
export function rangesOf(ordinals: Iterable<number>): Range[] {
  const ranges: [number, number][] = []
  for (const ordinal of Float64Array.from(ordinals).sort()) {
    const range = ranges.at(-1)
    if (range !== undefined && ordinal === range[0] + range[1]) range[1] += 1
    else ranges.push([ordinal, 1])
  }
  return ranges
}
