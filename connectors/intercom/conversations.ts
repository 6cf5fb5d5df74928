import type { Delivery, Failure, Operation } from '../../src/connector/index.ts'
import type { DeliverOne, RecordWriter } from './session.ts'

/** Conversations are written nothing but tags; their id is that of the row. */
export class ConversationWriter implements RecordWriter {
  begin(): DeliverOne {
    return (operation) => Promise.resolve(placed(operation))
  }
}

function placed(operation: Operation): Delivery {
  // Nothing is on a conversation whose id is not known any more, since Intercom did not have it.
  if (operation.id !== null || operation.kind === 'untag') {
    return { result: 'applied', id: operation.id, created: false }
  }
  const failure: Failure = {
    code: 'missing_identifier',
    field: 'id',
    message: 'The row has no id, which identifies the conversation.',
    hint: 'Fill the column or leave such rows out of the query.',
  }
  return { result: 'rejected', failure }
}
