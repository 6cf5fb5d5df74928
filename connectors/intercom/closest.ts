/** The candidate that is spelled most like `word`; null where none comes near. Letter case and `_`, `-` and spaces do not count. */
export function closest(word: string, candidates: readonly string[]): string | null {
  const wanted = plain(word)
  let best: string | null = null
  let least = Math.max(1, Math.floor(wanted.length / 3)) + 1
  for (const candidate of candidates) {
    const far = distance(wanted, plain(candidate))
    if (far < least) {
      best = candidate
      least = far
    }
  }
  return best
}

function plain(word: string): string {
  return word.toLowerCase().replace(/[_\- ]/g, '')
}

/** How many letters have to be put in, taken out, replaced or swapped with their neighbour. */
function distance(one: string, other: string): number {
  let before: number[] = []
  let row = Array.from({ length: other.length + 1 }, (_, index) => index)
  for (let down = 1; down <= one.length; down += 1) {
    const next = [down]
    for (let across = 1; across <= other.length; across += 1) {
      const same = one[down - 1] === other[across - 1]
      const replaced = (row[across - 1] ?? 0) + (same ? 0 : 1)
      let fewest = Math.min(replaced, (row[across] ?? 0) + 1, (next[across - 1] ?? 0) + 1)
      const swapped = one[down - 1] === other[across - 2] && one[down - 2] === other[across - 1]
      if (swapped && down > 1 && across > 1)
        fewest = Math.min(fewest, (before[across - 2] ?? 0) + 1)
      next.push(fewest)
    }
    before = row
    row = next
  }
  return row[other.length] ?? 0
}
