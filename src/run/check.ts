import type { Activation } from '../config/activation.ts'
import {
  type CheckPoint,
  type Column,
  ConfigurationError,
  type ConnectorContext,
  type Operation,
  StopRunError,
  TryAgainError,
} from '../connector/index.ts'
import { checkSource } from './check-source.ts'
import type { CheckedPoint } from './checked-point.ts'
import { contextOf } from './connector-context.ts'
import { deliveryPlan } from './delivery-plan.ts'
import { exitCodes, interrupted } from './ending.ts'
import { unhurt } from './events.ts'
import { located, locatedError } from './located.ts'
import type { RunOptions } from './options.ts'

/** What was found of one activation. */
export interface ActivationCheck {
  readonly activation: string
  readonly target: string
  readonly object: string
  readonly mode: string
  readonly identifier: string | null
  /** In the order in which things were looked at. */
  readonly points: readonly CheckedPoint[]
  /** 0 where nothing failed, 2 where the configuration has to be mended, 4 where the source or the target refuses. */
  readonly exitCode: number
}

/**
 * Connects to everything that the activations use and looks whether it fits, without writing anything, here or in
 * the target, and without the state. `sample`: how many rows of each query to look at. One activation that fails
 * does not stop the others.
 */
export async function checkActivations(
  options: RunOptions & { readonly sample: number },
): Promise<readonly ActivationCheck[]> {
  const guarded = { ...options, listener: unhurt(options.listener) }
  const checks: ActivationCheck[] = []
  for (const activation of options.activations) {
    checks.push(await checkActivation(activation, guarded))
  }
  return checks
}

async function checkActivation(
  activation: Activation,
  options: RunOptions & { readonly sample: number },
): Promise<ActivationCheck> {
  const points: CheckedPoint[] = []
  let exitCode: number
  try {
    options.signal.throwIfAborted()
    const { project, sample, signal } = options
    const context = contextOf(activation, options)
    const source = await checkSource({ project, activation, context, sample, signal })
    points.push(...source.points)
    const { columns, operations } = source
    points.push(...(await checkTarget(activation, columns, operations, context, options)))
    exitCode = exitCodeOf(points)
  } catch (error) {
    if (!options.signal.aborted) throw error
    exitCode = interrupted(options.signal).exitCode
    points.push({ name: 'check', status: 'skipped', message: 'interrupted before it was finished' })
  }
  const { name, target, object, mode, identifier } = activation
  return { activation: name, target, object: object.name, mode, identifier, points, exitCode }
}

async function checkTarget(
  activation: Activation,
  columns: readonly Column[],
  sample: readonly Operation[],
  context: ConnectorContext,
  { project, signal }: RunOptions,
): Promise<readonly CheckedPoint[]> {
  const configured = project.targets.get(activation.target)
  if (configured === undefined) throw new Error(`unknown target ${activation.target}`)
  const { connector, options } = configured
  const name = `target ${activation.target}`
  const knownIds = { find: () => Promise.resolve(new Map<string, string>()) }
  try {
    const plan = deliveryPlan(activation, columns)
    const target = await connector.open(options, plan, { ...context, knownIds })
    try {
      const points = await target.check(sample, signal)
      return points.map((point) => placed(activation, point))
    } finally {
      await target.close()
    }
  } catch (thrown) {
    signal.throwIfAborted()
    const error = locatedError(activation, thrown)
    if (error instanceof ConfigurationError) {
      return error.problems.map(({ message, position }) => ({
        name,
        status: 'failed',
        message,
        position,
      }))
    }
    if (error instanceof StopRunError || error instanceof TryAgainError) {
      return [{ name, status: 'failed', refused: true, message: error.message }]
    }
    throw error
  }
}

function placed(activation: Activation, { field, ...point }: CheckPoint): CheckedPoint {
  if (field === undefined) return point
  const { position } = located(activation, { message: point.message, field })
  return { ...point, position }
}

/** As with runs, what has to be mended counts more than what refuses. */
function exitCodeOf(points: readonly CheckedPoint[]): number {
  const failed = points.filter(({ status }) => status === 'failed')
  if (failed.length === 0) return exitCodes.done
  const refused = failed.every((point) => point.refused === true)
  return refused ? exitCodes.stopped : exitCodes.configuration
}
