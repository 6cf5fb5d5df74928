import { beforeAll, describe, expect, it } from 'vitest'
import { faultScenarios } from './fault-scenarios.ts'
import { casesOf, disturb, labelOf, type Undisturbed, undisturbed } from './matrix.ts'

/** Everything is tried where time does not matter (`npm run chaos`), else a share that meets each kind of request. */
const everyCase = process.env.MILLRACE_CHAOS_KILLS !== undefined
const step = everyCase ? 1 : 61

/** How many files the matrix is spread over, so that they run side by side. */
const parts = 4

/** Rejects where a case hangs, which would say nothing of which one it is. */
async function inTime(work: Promise<void>): Promise<void> {
  let watch: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    // Not held by it, the process counts as idle, and virtual time goes on.
    watch = setTimeout(() => reject(new Error('it hangs')), 60_000).unref()
  })
  await Promise.race([work, late]).finally(() => clearTimeout(watch))
}

/** One part of the matrix, from 0. */
export function describeMatrix(part: number): void {
  const wanted = new Map<string, readonly Undisturbed[]>()

  describe('a fault in any request of a run ends in the right state after at most two further runs', () => {
    beforeAll(async () => {
      for (const scenario of faultScenarios) wanted.set(scenario.name, await undisturbed(scenario))
    })

    it.each(faultScenarios.map((scenario) => [scenario.name, scenario] as const))(
      '%s',
      async (name, scenario) => {
        const phases = wanted.get(name) ?? []
        const broken: string[] = []
        const tried = casesOf(scenario, phases)
          .filter((_, index) => index % step === 0)
          .filter((_, index) => index % parts === part)
        for (const test of tried) {
          await inTime(disturb(test, phases)).catch((error: unknown) => {
            const message = error instanceof Error ? error.message : String(error)
            broken.push(`${labelOf(test)}: ${message}`)
          })
        }
        if (everyCase) {
          process.stdout.write(`${name}: ${tried.length} cases, ${broken.length} not made good\n`)
        }
        expect(broken.join('\n\n')).toBe('')
      },
      everyCase ? 1_800_000 : 120_000,
    )
  })
}
