import { afterEach } from 'vitest'
import {
  type RunningIntercomSandbox,
  startSandbox,
} from '../../connectors/intercom/sandbox/index.ts'
import { realClock } from '../../src/run/system.ts'
import { type Gate, gateTo } from './gate.ts'

const open: { close(): Promise<void> }[] = []

afterEach(async () => {
  // A gate leads to what was opened before it.
  for (const each of open.splice(0).reverse()) await each.close()
})

/** A sandbox without a limit, closed after the test. */
export async function openSandbox(): Promise<RunningIntercomSandbox> {
  const sandbox = await startSandbox({ rate_limit: 0 }, { clock: realClock, random: () => 0.5 })
  open.push(sandbox)
  return sandbox
}

/** See `gateTo`; closed after the test. */
export async function openGate(target: string): Promise<Gate> {
  const gate = await gateTo(target)
  open.push(gate)
  return gate
}
