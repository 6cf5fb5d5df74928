import type { DeliveryPlan, Problem } from '../../src/connector/index.ts'
import { versionAtLeast } from './options.ts'

/**
 * What of an activation on contacts cannot work whatever its rows hold, beyond what the description of the object
 * says; empty where nothing. Source: FACTS 1.3, 3.1 (`email_verified`).
 */
export function contactPlanProblems(plan: DeliveryPlan, apiVersion: string): readonly Problem[] {
  const maps = (name: string) => plan.fields.some(({ field }) => field === name)
  if (plan.object !== 'contact' || !maps('email_verified')) return []
  const problem = (message: string) => ({ field: 'email_verified', message })
  return [
    ...(maps('email')
      ? []
      : [problem('email_verified: Intercom takes it only beside the email; map email too.')]),
    ...(versionAtLeast(apiVersion, '2.16')
      ? []
      : [
          problem(
            `email_verified: API version ${apiVersion} does not have it; set api_version of the target to "2.16", or take it out of the mapping.`,
          ),
        ]),
  ]
}
