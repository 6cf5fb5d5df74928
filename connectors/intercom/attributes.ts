import { ConfigurationError, type MappedField } from '../../src/connector/index.ts'
import { createAttribute } from './attribute-creation.ts'
import { type Attribute, type AttributeModel, listAttributes } from './attribute-list.ts'
import {
  type Finding,
  findAttribute,
  isUnknown,
  type WorkspaceAttributes,
} from './attribute-problems.ts'
import type { AttributeRules } from './attribute-values.ts'
import { customPrefix } from './body.ts'
import type { Client } from './client.ts'
import type { Session } from './session.ts'

/** The custom attributes that an activation maps. */
export function mappedAttributes(fields: readonly MappedField[]): readonly MappedField[] {
  return fields.filter(({ field }) => field.startsWith(customPrefix))
}

/**
 * Compares the custom attributes that are mapped with those of the workspace: one request, a second where a name is
 * unknown, none where no custom attribute is mapped. Throws `StopRunError` and `TryAgainError`.
 */
export async function findAttributes(
  { client, plan }: Pick<Session, 'client' | 'plan'>,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const mapped = mappedAttributes(plan.fields)
  if (mapped.length === 0) return []
  const workspace = await readWorkspace(client, plan.object as AttributeModel, mapped, signal)
  return mapped.map((each) => findAttribute(each, workspace, plan.createAttributes))
}

/**
 * Makes sure before the first write that every custom attribute that is mapped exists and fits its column: one that
 * does not would make Intercom refuse every row (FACTS 3.9). Creates what is missing where the activation says so.
 * Throws `ConfigurationError` with every problem, before anything is created; `StopRunError` where the token is
 * refused; `TryAgainError` where Intercom cannot be reached.
 */
export async function prepareAttributes(
  session: Pick<Session, 'client' | 'plan' | 'context'>,
  signal: AbortSignal,
): Promise<AttributeRules> {
  const findings = await findAttributes(session, signal)
  const problems = findings.filter((finding) => 'message' in finding)
  if (problems.length > 0) throw new ConfigurationError(problems)
  const model = session.plan.object as AttributeModel
  const rules = new Map<string, Attribute>()
  for (const finding of findings) {
    if ('attribute' in finding) rules.set(finding.field, finding.attribute)
    if (!('create' in finding)) continue
    const { field, name, create: column } = finding
    const created = await createAttribute(session.client, { model, field, name, column }, signal)
    session.context.notice(
      `Created the ${model} attribute ${name} (${created.dataType}) in Intercom.`,
    )
    rules.set(field, created)
  }
  return rules
}

async function readWorkspace(
  client: Client,
  model: AttributeModel,
  mapped: readonly MappedField[],
  signal: AbortSignal,
): Promise<WorkspaceAttributes> {
  const own = await listAttributes(client, model, signal)
  if (!mapped.some((each) => isUnknown(each, own))) return { model, own, otherNames: new Set() }
  const other = await listAttributes(client, model === 'contact' ? 'company' : 'contact', signal)
  const names = other.filter((attribute) => attribute.custom).map((attribute) => attribute.name)
  return { model, own, otherNames: new Set(names) }
}
