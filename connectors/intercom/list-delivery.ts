import { StopRunError } from '../../src/connector/index.ts'
import type { ListDelivery } from './lists.ts'
import type { Session } from './session.ts'

/** What brings the lists of one activation's records into the wanted state. */
export function openLists(session: Session): ListDelivery {
  return {
    deliver() {
      throw new StopRunError(`The lists of a ${session.plan.object} cannot be written yet.`)
    },
  }
}
