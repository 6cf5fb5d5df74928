/**
 * Millrace as a library: the same engine that the command line drives.
 *
 * ```ts
 * import { connectors, loadProject, runActivations, selectActivations, systemClock } from 'millrace'
 *
 * const project = await loadProject({ path: '.', profile: null, environment: process.env, connectors })
 * const summary = await runActivations({
 *   project,
 *   activations: selectActivations(project, []),
 *   clock: systemClock,
 *   random: Math.random,
 *   listener: (event) => console.log(event.type),
 *   signal: new AbortController().signal,
 * })
 * process.exitCode = summary.exit_code
 * ```
 */
export { connectors } from '../connectors/index.ts'
export type {
  Activation,
  Amount,
  CompanyRule,
  FieldMapping,
  Guards,
  TagRule,
} from './config/activation.ts'
export {
  type LoadOptions,
  loadProject,
  type Project,
  type StateLocation,
  selectActivations,
} from './config/project.ts'
export * from './connector/index.ts'
export type { PlanTotals } from './plan/interfaces.ts'
export type { RunEvent, RunListener } from './run/events.ts'
export { Interruption } from './run/interruption.ts'
export type { RunOptions } from './run/options.ts'
export {
  type ActivationPlan,
  type PlannedOperation,
  planActivations,
} from './run/plan.ts'
export { runActivations } from './run/run.ts'
export type { CommandSummary, RunSummary } from './run/summary.ts'
export { realClock as systemClock } from './run/system.ts'
