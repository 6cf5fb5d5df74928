/** Retries that every run may make. */
const always = 1_000

/** Retries per operation that a run may make beyond that. */
const share = 0.2

/**
 * How many retries a run of so many operations may make in all. A target that answers badly to every other request
 * would otherwise get several times the requests that it is in trouble with; what is left over is for the next run.
 */
export function retryBudget(operations: number): number {
  return Math.max(always, Math.floor(operations * share))
}
