/** Durable memory: `openStateStore` gives the `StateStore` (store.ts) that runs and reports work with. */
export { openStateStore } from './open.ts'
