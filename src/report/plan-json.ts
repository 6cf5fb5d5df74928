import type { ActivationPlan } from '../run/plan.ts'

/** Plans for programs: one object, names in snake_case. */
export function planJson(plans: readonly ActivationPlan[], exitCode: number): string {
  const activations = plans.map(({ totals, exitCode: own, keepsValues, ...plan }) => ({
    ...plan,
    exit_code: own,
    totals:
      totals === null
        ? null
        : {
            rows: totals.rows,
            create: totals.create,
            update: totals.update,
            delete: totals.delete,
            archive: totals.archive,
            untag: totals.untag,
            unchanged: totals.unchanged,
            rejected: totals.rejected,
            waiting: totals.waiting,
            repeated: totals.repeated,
            removed: totals.removed,
            changed_fields: keepsValues ? totals.changedFields : null,
          },
  }))
  return JSON.stringify({ exit_code: exitCode, activations })
}
