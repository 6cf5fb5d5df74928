/** How many letters have to be put in, left out, replaced or swapped with their neighbour to turn one word into the other. */
function distance(from: string, to: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: to.length + 1 }, (_, index) => index)
  for (let i = 1; i <= from.length; i++) {
    const row = [i]
    for (let j = 1; j <= to.length; j++) {
      const same = from[i - 1] === to[j - 1]
      let best = Math.min(
        (last[j] ?? 0) + 1,
        (row[j - 1] ?? 0) + 1,
        (last[j - 1] ?? 0) + (same ? 0 : 1),
      )
      if (i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1]) {
        best = Math.min(best, (beforeLast[j - 2] ?? 0) + 1)
      }
      row.push(best)
    }
    beforeLast = last
    last = row
  }
  return last[to.length] ?? 0
}

/** The name that was most likely meant, or null where none is close. Letter case, `-` and `_` do not count. */
export function closest(name: string, names: Iterable<string>): string | null {
  const plain = (text: string) => text.toLowerCase().replaceAll('-', '_')
  const wanted = plain(name).slice(0, 100)
  let best: string | null = null
  let bestDistance = Math.max(1, Math.floor(wanted.length / 3)) + 1
  for (const candidate of names) {
    const difference = distance(wanted, plain(candidate).slice(0, 100))
    if (difference < bestDistance) {
      best = candidate
      bestDistance = difference
    }
  }
  return best
}

/** `; did you mean "email"?`, or nothing where no name is close. */
export function didYouMean(name: string, names: Iterable<string>): string {
  const meant = closest(name, names)
  return meant === null ? '' : `; did you mean "${meant}"?`
}

/** `a, b or c` */
export function oneOf(names: readonly string[]): string {
  if (names.length < 2) return names.join('')
  return `${names.slice(0, -1).join(', ')} or ${names.at(-1)}`
}

/** `a contact`, `an event` */
export function an(name: string): string {
  return `${/^[aeio]/i.test(name) ? 'an' : 'a'} ${name}`
}
