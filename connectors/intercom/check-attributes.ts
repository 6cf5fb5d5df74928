import { type CheckPoint, type Operation, StopRunError } from '../../src/connector/index.ts'
import { typeFor } from './attribute-fit.ts'
import type { Attribute } from './attribute-list.ts'
import type { Finding } from './attribute-problems.ts'
import { fitRecord } from './attribute-values.ts'
import { findAttributes } from './attributes.ts'
import { customPrefix } from './body.ts'
import type { Session } from './session.ts'

/** One point for each custom attribute that is mapped: whether it exists, fits its column and takes the sample's values. */
export async function checkAttributes(
  session: Session,
  sample: readonly Operation[],
  signal: AbortSignal,
): Promise<readonly CheckPoint[]> {
  try {
    const findings = await findAttributes(session, signal)
    return findings.map((finding) => pointOf(finding, sample))
  } catch (error) {
    signal.throwIfAborted()
    if (!(error instanceof StopRunError)) throw error
    const message = `${error.message} It blocks GET /data_attributes, without which no custom attribute can be checked or written.`
    return [{ name: 'scope: read data attributes', status: 'failed', refused: true, message }]
  }
}

function pointOf(finding: Finding, sample: readonly Operation[]): CheckPoint {
  if ('message' in finding) {
    const { field, message } = finding
    return { name: nameOf(field ?? ''), status: 'failed', message, field }
  }
  const { field } = finding
  const name = nameOf(field)
  if ('create' in finding) {
    const message = `does not exist yet; the first run creates it as ${typeFor(finding.create)}`
    return { name, status: 'ok', message, field }
  }
  return valuesPoint(name, field, finding.attribute, sample)
}

function nameOf(field: string): string {
  return `attribute ${field.slice(customPrefix.length)}`
}

function valuesPoint(
  name: string,
  field: string,
  attribute: Attribute,
  sample: readonly Operation[],
): CheckPoint {
  const rules = new Map([[field, attribute]])
  const failures = sample.flatMap(({ record }) => {
    const fitted = fitRecord(record, rules)
    return 'failure' in fitted ? [fitted.failure] : []
  })
  const [first] = failures
  const type = attribute.type ?? attribute.dataType
  if (first === undefined) return { name, status: 'ok', message: type, field }
  const message = `${type}; ${failures.length} of ${sample.length} sampled rows would fail as invalid_value. ${first.message} ${first.hint ?? ''}`
  return { name, status: 'warning', message: message.trim(), field }
}
