import type { Problem } from '../connector/index.ts'
import type { Amount, Guards } from './activation.ts'
import type { ActivationText } from './activation-schema.ts'
import { pathName } from './places.ts'
import type { Settings } from './settings.ts'

type Guard = keyof NonNullable<ActivationText['guards']>
type Written = string | number | null | undefined

/** What holds where an activation says nothing. */
const defaults: Guards = {
  minRows: 1,
  maxChanges: null,
  maxRemovals: { share: 0.05 },
  maxFailures: { share: 0.2 },
}

const percent = /^(\d+(?:\.\d+)?) ?%$/
const digits = /^\d+$/

/** A whole number from 0, written as a number or, where it came from a variable, as text; null for anything else. */
function count(written: string | number): number | null {
  const value = typeof written === 'string' && digits.test(written) ? Number(written) : written
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : null
}

/** A number of things or a share of them; or what is wrong with it, as the end of a sentence. */
function amount(written: string | number): Amount | { readonly fault: string } {
  const things = count(written)
  if (things !== null) return { count: things }
  const share = typeof written === 'string' ? percent.exec(written)?.[1] : undefined
  if (share !== undefined) {
    const value = Number(share)
    return value <= 100 ? { share: value / 100 } : { fault: 'takes at most 100%' }
  }
  if (typeof written === 'number' && written > 0 && written < 1) {
    return { fault: `takes a share as percent: ${Number((written * 100).toPrecision(12))}%` }
  }
  return { fault: 'takes a whole number, a share such as 5%, or "off"' }
}

/** The limits of an activation: what it says over the defaults. */
export function resolveGuards(
  text: ActivationText,
  settings: Settings,
  problems: Problem[],
): Guards {
  const resolve = <T>(
    guard: Guard,
    preset: T | null,
    read: (written: string | number) => T | { readonly fault: string },
  ): T | null => {
    const path = ['guards', guard]
    const written: Written = text.guards?.[guard]
    if (written === undefined || settings.failed.has(pathName(path))) return preset
    if (written === null || written === 'off') return null
    const result = read(written)
    if (typeof result === 'object' && result !== null && 'fault' in result) {
      const message = `"${guard}" ${result.fault}`
      problems.push({ message, position: settings.places.value(path) })
      return preset
    }
    return result
  }
  return {
    minRows: resolve<number>(
      'min_rows',
      defaults.minRows,
      (written) => count(written) ?? { fault: 'takes a whole number, or "off"' },
    ),
    maxChanges: resolve<Amount>('max_changes', defaults.maxChanges, amount),
    maxRemovals: resolve<Amount>('max_removals', defaults.maxRemovals, amount),
    maxFailures: resolve<Amount>('max_failures', defaults.maxFailures, amount),
  }
}
