import { ServerClock } from './server-clock.ts'

/** Intercom counts in windows of ten seconds that start at the multiples of ten of its own clock (FACTS 6.2). */
export const windowLength = 10_000

/** What the headers of one answer say of the rate limit; times in milliseconds of the server's clock. */
export interface WindowHeaders {
  readonly limit: number
  /** What was left of the window before this request: 1 means that nothing is left now (FACTS 6.2). */
  readonly remaining: number
  /** When the window started. */
  readonly start: number
  /** When the server says that it may be asked again: two seconds into the next window. */
  readonly reset: number
}

/** How a request ended, as far as the budget is concerned. */
export type RequestEnd =
  | {
      readonly kind: 'answered'
      readonly headers: WindowHeaders | null
      /** Intercom did what it was asked; gateways' errors say nothing of the limit. */
      readonly succeeded: boolean
    }
  /** Too many requests; `waitMilliseconds` is what `Retry-After` says, if anything. */
  | {
      readonly kind: 'refused'
      readonly headers: WindowHeaders | null
      readonly waitMilliseconds: number | null
    }
  /** No answer; the server may have counted it. */
  | { readonly kind: 'lost' }
  /** It surely did not reach the server. */
  | { readonly kind: 'unsent' }

/** One request under way. */
export interface Ticket {
  readonly sentAt: number
  readonly probe: boolean
}

export interface Allowance {
  /** How many requests may start now; Infinity where the server states no limit. */
  readonly room: number
  /** When more may start even if no answer arrives until then; Infinity where only an answer can tell. */
  readonly again: number
  /** The one request that is allowed asks whether the next window has begun. */
  readonly probe: boolean
}

/** How much of the server's limit may be used: a share of it (from 0 to 1), or requests per window. */
export type Share = { readonly share: number } | { readonly count: number }

/** The window that was last seen in an answer. */
interface Window {
  readonly start: number
  /** What the server has left of it. */
  left: number
  /** The same, after the answer that opened it. */
  readonly firstLeft: number
  /** Requests of ours that it took, as far as is known, and those without an answer, which it may have taken. */
  own: number
  /** The same, when the answer came that opened it. */
  readonly firstOwn: number
  lost: number
}

/** Requests under way at once until the first answer tells the limit; less than the smallest one reported, 83. */
const firstFew = 4
/** Waited beyond the moment at which a window is over by all evidence. */
const margin = 20
/** While it is not known when windows end, requests are held back to be sent this far apart. */
const spacing = 500
/** Others are not as even as their average: so much more than that is left for them while requests are under way. */
const caution = 3
/** However much others take, so much of what is under way is all that is left for them. */
const mostShare = 2
/** Windows' ends that are known this well are known well enough. */
const fineEnough = 250

/**
 * Says how many requests may start, so that none is refused and no window is left unused. Pure: the times are
 * handed in, in milliseconds of our clock.
 *
 * Every request under way is counted against the window that was last seen in an answer, and the next window
 * opens only when an answer comes from it. So whatever window the requests under way fall in, it has room for
 * them. Once a window is used up, a single request (the probe) is sent when the window is over by all evidence.
 *
 * As long as it is not known when windows end, a few of a window's requests are held back and spread over the
 * time in which the end may fall; the first one that is answered from the next window shows the boundary.
 */
export class WindowBudget {
  readonly #clock = new ServerClock()
  readonly #share: Share
  /** What of the server's limit may be used; 0 as long as it stated none. */
  #quota = 0
  /** The server answers without stating a limit, as the sandbox does when it has none. */
  #unlimited = false
  #window: Window | null = null
  #inFlight = 0
  #probing = false
  #pausedUntil = Number.NEGATIVE_INFINITY
  #latency = 0
  /** Requests of other apps per request of ours, in the last window that ended. */
  #foreignShare = 0

  constructor(share: Share = { share: 1 }) {
    this.#share = share
  }

  /** Requests per millisecond that the server takes from us in the long run; null as long as that is not known. */
  get rate(): number | null {
    if (this.#quota > 0) return this.#quota / windowLength
    return this.#unlimited ? Number.POSITIVE_INFINITY : null
  }

  /** Milliseconds from `now` for which the server wants no request at all; 0 where it said no such thing. */
  pausedFor(now: number): number {
    return Math.max(0, this.#pausedUntil - now)
  }

  /** How many requests may start at `now`. */
  allowance(now: number): Allowance {
    if (now < this.#pausedUntil) return { room: 0, again: this.#pausedUntil, probe: false }
    const window = this.#window
    if (window === null) {
      const room = this.#unlimited ? Number.POSITIVE_INFINITY : firstFew - this.#inFlight
      return { room: Math.max(0, room), again: Number.POSITIVE_INFINITY, probe: false }
    }
    const over = window.start + windowLength - this.#clock.low + margin
    const held = now < over ? this.#heldBack(window.start, now) : { count: 0, next: over }
    const open = Math.min(window.left - this.#forOthers(), this.#quota - window.own)
    const room = open - this.#inFlight - held.count
    const again = now < over ? Math.min(held.next, over) : Number.POSITIVE_INFINITY
    if (room > 0) return { room, again, probe: false }
    const probe = now >= over && !this.#probing && this.#inFlight < this.#quota
    return { room: probe ? 1 : 0, again, probe }
  }

  /** Counts a request that starts now. */
  start(now: number): Ticket {
    const { probe } = this.allowance(now)
    this.#inFlight += 1
    if (probe) this.#probing = true
    return { sentAt: now, probe }
  }

  /** Learns how a request ended. */
  end(ticket: Ticket, now: number, end: RequestEnd): void {
    this.#inFlight -= 1
    if (ticket.probe) this.#probing = false
    if (end.kind === 'unsent') return
    const headers = end.kind === 'lost' ? null : end.headers
    if (headers !== null) this.#see(headers, ticket, now)
    else if (this.#window !== null) {
      this.#window.left -= 1
      this.#window.lost += 1
      this.#window.own += 1
    }
    if (end.kind === 'answered' && headers === null && end.succeeded) this.#unlimited = true
    if (end.kind === 'refused') this.#pause(end, now)
  }

  #see(headers: WindowHeaders, ticket: Ticket, now: number): void {
    const { limit, start } = headers
    const left = headers.remaining - 1
    this.#quota = quotaOf(this.#share, limit)
    this.#latency += (now - ticket.sentAt - this.#latency) * 0.2
    this.#clock.learn(start, start + windowLength, ticket.sentAt, now)
    const window = this.#window
    if (window === null || start > window.start) {
      if (window !== null) this.#foreignShare = this.#shareOf(window, 0)
      // What was lost of late may have been taken by this window as well as by the last one. What was used of the very
      // first one may have been ours: an earlier activation of the same run.
      const own = window === null ? limit - left : 1 + window.lost
      this.#window = { start, left, firstLeft: left, own, firstOwn: own, lost: 0 }
    } else if (start === window.start) {
      window.left = Math.min(window.left, left)
      window.own += 1
    }
  }

  #pause(end: Extract<RequestEnd, { kind: 'refused' }>, now: number): void {
    if (this.#window !== null) this.#window.left = Math.min(this.#window.left, 0)
    const reset = end.headers === null ? null : end.headers.reset - this.#clock.low
    const asked = end.waitMilliseconds === null ? null : now + end.waitMilliseconds
    const until =
      reset === null && asked === null ? now + windowLength : Math.max(reset ?? 0, asked ?? 0)
    this.#pausedUntil = Math.max(this.#pausedUntil, until)
  }

  #heldBack(windowStart: number, now: number): { count: number; next: number } {
    const uncertain = this.#clock.high - this.#clock.low
    const most = Math.floor(this.#quota / 8)
    if (uncertain <= Math.max(fineEnough, 1.5 * this.#latency) || most === 0) {
      return { count: 0, next: Number.POSITIVE_INFINITY }
    }
    const count = Math.min(Math.ceil(uncertain / spacing), most)
    const from = windowStart + windowLength - this.#clock.high
    const apart = uncertain / (count + 1)
    const due = Math.max(0, Math.floor((now - from) / apart))
    return { count: Math.max(0, count - due), next: from + (due + 1) * apart }
  }

  /** What other apps may take of the window while our requests are under way. */
  #forOthers(): number {
    if (this.#window === null) return 0
    const share = Math.max(this.#foreignShare, this.#shareOf(this.#window, this.#inFlight))
    return share === 0 ? 0 : Math.ceil(caution * Math.min(mostShare, share) * this.#inFlight + 0.5)
  }

  #shareOf(window: Window, inFlight: number): number {
    const own = window.own - window.firstOwn
    if (own === 0) return 0
    return Math.max(0, window.firstLeft - window.left - own - inFlight) / own
  }
}

/** Requests of a window that may be used: at least one, or nothing would ever be sent. */
function quotaOf(share: Share, limit: number): number {
  const allowed = 'share' in share ? Math.floor(limit * share.share) : share.count
  return Math.max(1, Math.min(limit, allowed))
}
