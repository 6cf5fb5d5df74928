import type { Problem } from '../connector/index.ts'

/** Problems as people read them: the project file first, then file by file from top to bottom. */
export function sortedProblems(problems: readonly Problem[], first: string): readonly Problem[] {
  const rank = ({ position }: Problem) =>
    position === undefined || position.file === first ? '' : position.file
  return problems.toSorted((one, other) => {
    const [a, b] = [rank(one), rank(other)]
    if (a !== b) return a < b ? -1 : 1
    return (
      (one.position?.line ?? 0) - (other.position?.line ?? 0) ||
      (one.position?.column ?? 0) - (other.position?.column ?? 0)
    )
  })
}
