/** Durable memory: `openStateStore` gives the `StateStore` that runs and reports work with. */
export { openStateStore, type StateOptions } from './open.ts'
export type {
  FailureRecord,
  Lock,
  LockHolder,
  RunRecord,
  RunState,
  RunStatus,
  StateStore,
  Timestamp,
} from './store.ts'
