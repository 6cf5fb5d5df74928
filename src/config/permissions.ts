import type { Problem, TargetObject } from '../connector/index.ts'
import type { ActivationText } from './activation-schema.ts'
import { pathName } from './places.ts'
import type { Settings } from './settings.ts'
import { an, oneOf } from './suggest.ts'

/** What a check of one activation is given. */
interface Checked {
  readonly text: ActivationText
  readonly object: TargetObject
  readonly settings: Settings
  readonly problems: Problem[]
}

const takesAway = (mode: ActivationText['mode']) => mode === 'delete' || mode === 'archive'

/** `on_removed`: whether the object offers it, and whether there is anything for it to do. */
function checkRemoved({ text, object, settings, problems }: Checked): void {
  const { on_removed: removal, mode } = text
  if (removal === 'keep') return
  const refuse = (message: string) =>
    problems.push({ message, position: settings.places.value(['on_removed']) })
  if (takesAway(mode)) {
    refuse(`"on_removed: ${removal}" means nothing with "mode: ${mode}"; leave it out`)
  } else if (!object.removals.includes(removal)) {
    refuse(`${object.name} has no "on_removed: ${removal}"; it has ${oneOf(object.removals)}`)
  } else if (removal === 'untag' && text.tags === undefined && text.companies === undefined) {
    refuse(
      `"on_removed: untag" goes with ${oneOf(object.lists.map((list) => `"${list}"`))}, which this activation does not have`,
    )
  }
}

/** `on_archived`: whether the object can be unarchived, and whether the mode updates anything. */
function checkArchived({ text, object, settings, problems }: Checked): void {
  if (text.on_archived === 'fail') return
  const refuse = (message: string) =>
    problems.push({ message, position: settings.places.value(['on_archived']) })
  if (!object.unarchives) {
    refuse(`${an(object.name)} cannot be unarchived; leave "on_archived" out`)
  } else if (text.mode !== 'upsert' && text.mode !== 'update') {
    refuse(`"on_archived: unarchive" means nothing with "mode: ${text.mode}"; leave it out`)
  }
}

/** `confirm: permanent` stands exactly where something may be lost for good that was not named by the target's own id. */
function checkConfirmed({ text, object, settings, problems }: Checked): void {
  const { mode, identifier, on_removed: removal, confirm } = text
  if (settings.failed.has(pathName(['identifier']))) return
  const others = (object.modes.delete ?? []).filter((name) => name !== 'id')
  const resolved = mode === 'delete' && identifier !== undefined && others.includes(identifier)
  const removes = removal === 'delete' && !takesAway(mode)
  if (confirm === undefined && (resolved || removes)) {
    problems.push({
      message: resolved
        ? `"mode: delete" by ${identifier} deletes for good whatever has that ${identifier}; add "confirm: permanent" if that is meant`
        : '"on_removed: delete" deletes for good what left the query; add "confirm: permanent" if that is meant',
      position: settings.places.value([resolved ? 'mode' : 'on_removed']),
    })
  }
  if (confirm !== undefined && !resolved && !removes) {
    problems.push({
      message:
        '"confirm" goes with "mode: delete" by another identifier than id, or with "on_removed: delete"; leave it out',
      position: settings.places.key(['confirm']),
    })
  }
}

/** `admin_id`: there where tags ask for it, and only there. */
function checkAdmin({ text, object, settings, problems }: Checked): void {
  const needed = object.tagsNeedAdmin && text.tags !== undefined
  if (needed && text.admin_id === undefined) {
    problems.push({
      message: `tags of ${an(object.name)} are set in the name of an admin; add "admin_id: ID"`,
      position: settings.places.key(['tags']),
    })
  }
  if (!needed && text.admin_id !== undefined) {
    const why = object.tagsNeedAdmin
      ? 'goes with "tags", which this activation does not have'
      : `means nothing for ${an(object.name)}`
    problems.push({
      message: `"admin_id" ${why}; leave it out`,
      position: settings.places.key(['admin_id']),
    })
  }
}

/** Checks what an activation allows beside its rows against what its object offers and against itself. */
export function checkPermissions(
  text: ActivationText,
  object: TargetObject,
  settings: Settings,
  problems: Problem[],
): void {
  const checked = { text, object, settings, problems }
  checkRemoved(checked)
  checkArchived(checked)
  checkConfirmed(checked)
  checkAdmin(checked)
  if (text.create_attributes && object.custom === undefined) {
    problems.push({
      message: `${an(object.name)} has no custom attributes that could be created; leave "create_attributes" out`,
      position: settings.places.key(['create_attributes']),
    })
  }
}
