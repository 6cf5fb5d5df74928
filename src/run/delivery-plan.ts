import type { Activation } from '../config/activation.ts'
import type { Column, DeliveryPlan } from '../connector/index.ts'
import { settingsOf } from '../plan/waiting-keys.ts'
import type { AboutRun } from '../state/store.ts'

/** What an activation wants of its target, given the columns of its query. */
export function deliveryPlan(activation: Activation, columns: readonly Column[]): DeliveryPlan {
  const { object, mode, identifier, fields, tags, companies } = activation
  return {
    object: object.name,
    mode,
    identifier,
    fields: fields.map(({ field, from }) => ({
      field,
      column:
        'column' in from ? (columns.find((column) => column.name === from.column) ?? null) : null,
    })),
    createOnly: fields.filter(({ when }) => when === 'create').map(({ field }) => field),
    lists: [
      ...(tags === null ? [] : ['tags' as const]),
      ...(companies === null ? [] : ['companies' as const]),
    ],
    onArchived: activation.onArchived,
    createMissingCompanies: activation.createMissingCompanies,
    createAttributes: activation.createAttributes,
    adminId: activation.adminId,
  }
}

/** What the state store is told of an activation. `full`: whether it was asked to send every row again. */
export function aboutRun(activation: Activation, full: boolean): AboutRun {
  const { identifier, target, object, key, mode, keepValues } = activation
  // Where the identifier may be NULL, a key is whatever else the row has.
  const keyIsIdentifier = key === null && !(mode === 'upsert' && identifier === 'id')
  return {
    identifier,
    target,
    object: object.name,
    keyField: keyIsIdentifier ? identifier : null,
    settings: settingsOf(activation),
    // What the other modes do can be done once only.
    full: !full ? null : mode === 'upsert' || mode === 'update' ? 'everything' : 'failures',
    keepValues,
  }
}
