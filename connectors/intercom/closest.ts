/** The candidate that is spelled most like `word`; null where none comes near. */
export function closest(word: string, candidates: readonly string[]): string | null {
  const tolerated = Math.max(2, Math.ceil(word.length / 3))
  const ranked = candidates
    .map((candidate) => ({
      candidate,
      distance: distance(word.toLowerCase(), candidate.toLowerCase()),
    }))
    .filter((each) => each.distance <= tolerated)
    .sort((one, other) => one.distance - other.distance)
  return ranked[0]?.candidate ?? null
}

/** How many letters have to be put in, taken out or replaced. */
function distance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index)
  for (const [down, letter] of [...one].entries()) {
    const next = [down + 1]
    for (let across = 0; across < other.length; across += 1) {
      const replaced = (row[across] ?? 0) + (letter === other[across] ? 0 : 1)
      next.push(Math.min(replaced, (row[across + 1] ?? 0) + 1, (next[across] ?? 0) + 1))
    }
    row = next
  }
  return row[other.length] ?? 0
}
