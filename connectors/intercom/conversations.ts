import type { Delivery, Failure, Operation } from '../../src/connector/index.ts'
import type { DeliverOne, RecordWriter } from './session.ts'

/** Conversations are written nothing but tags; their id is that of the row. */
export class ConversationWriter implements RecordWriter {
  begin(): DeliverOne {
    return (operation) => Promise.resolve(placed(operation))
  }
}

function placed(operation: Operation): Delivery {
  if (operation.id !== null) return { result: 'applied', id: operation.id, created: false }
  const failure: Failure = {
    code: 'missing_identifier',
    field: 'id',
    message: 'The row has no id, which identifies the conversation.',
    hint: 'Fill the column or leave such rows out of the query.',
  }
  return { result: 'rejected', failure }
}
