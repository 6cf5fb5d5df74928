import {
  type Ticket,
  WindowBudget,
  windowLength,
} from '../../../connectors/intercom/window-budget.ts'

export interface Simulation {
  readonly limit: number
  /** Server's clock minus ours, in milliseconds. */
  readonly skew: number
  readonly concurrency: number
  /** Milliseconds from sending to the server, and from there back, of each request in turn. */
  readonly latencies: readonly (readonly [number, number])[]
  /** How many requests another app sends in each window, evenly spread. */
  readonly others?: number
  readonly milliseconds: number
  /** Requests the budget has learnt from before the simulation starts with full speed. */
  readonly start: number
}

interface Event {
  readonly at: number
  readonly run: () => void
}

/** Requests of ours that each window took, and how many were refused; a sender that always has work, without any I/O. */
export function simulate(simulation: Simulation): {
  windows: number[]
  refused: number
  most: number
} {
  const { limit, skew, concurrency, latencies, others = 0, start } = simulation
  const budget = new WindowBudget()
  const events: Event[] = []
  const taken = new Map<number, number>()
  const foreign = new Map<number, number>()
  const [refusals, sent] = [{ count: 0 }, { count: 0 }]
  let now = start
  let running = 0
  const plan = (at: number, run: () => void) => events.push({ at, run })

  const arrive = (ticket: Ticket, back: number) => {
    const window = Math.floor((now + skew) / windowLength)
    const used = (taken.get(window) ?? 0) + (foreign.get(window) ?? 0)
    const remaining = Math.max(0, limit - used)
    const refused = remaining === 0
    if (refused) refusals.count += 1
    else taken.set(window, (taken.get(window) ?? 0) + 1)
    const headers = {
      limit,
      remaining,
      start: window * windowLength,
      reset: window * windowLength + 12_000,
    }
    plan(now + back, () => {
      running -= 1
      budget.end(
        ticket,
        now,
        refused
          ? { kind: 'refused', headers, waitMilliseconds: null }
          : { kind: 'answered', headers, succeeded: true },
      )
    })
  }
  const send = () => {
    for (let room = budget.allowance(now).room; room > 0 && running < concurrency; room -= 1) {
      const [there, back] = latencies[sent.count++ % latencies.length] ?? [0, 0]
      running += 1
      const ticket = budget.start(now)
      plan(now + there, () => arrive(ticket, back))
    }
    const { again } = budget.allowance(now)
    if (running < concurrency && Number.isFinite(again)) plan(Math.max(now + 1, again), () => {})
  }
  if (others > 0) {
    const every = windowLength / others
    for (let at = start; at < start + simulation.milliseconds; at += every) {
      plan(at, () => {
        const window = Math.floor((now + skew) / windowLength)
        const used = (taken.get(window) ?? 0) + (foreign.get(window) ?? 0)
        if (used < limit) foreign.set(window, (foreign.get(window) ?? 0) + 1)
      })
    }
  }
  send()
  while (events.length > 0) {
    let next = 0
    for (let index = 1; index < events.length; index += 1) {
      if ((events[index]?.at ?? 0) < (events[next]?.at ?? 0)) next = index
    }
    const [event] = events.splice(next, 1)
    if (event === undefined || event.at > start + simulation.milliseconds) break
    now = event.at
    event.run()
    send()
  }
  const [firstWindow, lastWindow] = [start, now].map((at) => Math.floor((at + skew) / windowLength))
  const full = [...taken.entries()].filter(([at]) => at !== firstWindow && at !== lastWindow)
  const windows = full.map(([at, count]) => count + (foreign.get(at) ?? 0))
  const most = Math.max(
    ...[...taken.entries()].map(([at, count]) => count + (foreign.get(at) ?? 0)),
  )
  return { windows, refused: refusals.count, most }
}
