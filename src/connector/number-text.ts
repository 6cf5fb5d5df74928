const minus = 45
const point = 46
const zero = 48

/**
 * The number that a text stands for which lies in memory from `start` to `end`, as `Number` reads it; NaN where it is not
 * just digits with perhaps a sign and a point, or where it has so many that they need a closer look.
 */
export function plainNumber(bytes: Uint8Array, start: number, end: number): number {
  const isNegative = bytes[start] === minus
  const first = isNegative ? start + 1 : start
  if (first >= end || end - first > 17) return Number.NaN
  let digits = 0
  let power = 1
  let isFraction = false
  for (let at = first; at < end; at += 1) {
    const code = bytes[at] as number
    if (code >= zero && code <= zero + 9) {
      digits = digits * 10 + (code - zero)
      if (isFraction) power *= 10
    } else if (code === point && !isFraction && at > first) isFraction = true
    else return Number.NaN
  }
  // Both are exact then, and so the quotient is what is nearest to the number.
  if (digits > Number.MAX_SAFE_INTEGER) return Number.NaN
  return isNegative ? -digits / power : digits / power
}
