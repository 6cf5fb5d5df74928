import type * as z from 'zod/mini'
import type { ConnectorContext, KnownIds } from './context.ts'
import type { Delivery, Mode, Operation } from './operation.ts'
import type { Column } from './row.ts'
import type { Secret } from './secret.ts'
import type { SourceConnector } from './source.ts'

/** What a field takes; rows are cast to it. `date` is unix seconds; `any` takes the type that the column has. */
export type FieldType = 'string' | 'integer' | 'float' | 'boolean' | 'date' | 'any'

/** One field of an object that an activation may map. */
export interface Field {
  readonly name: string
  readonly type: FieldType
  readonly description: string
  /** Characters at most, for strings. */
  readonly maxLength?: number
  readonly minimum?: number
  readonly maximum?: number
  /** The only values it takes. */
  readonly choices?: readonly string[]
  /** False where the target does not let the field be cleared: NULL is then left out. Default true. */
  readonly nullable?: boolean
  /** True where letter case and surrounding space do not matter: both are normalised before comparing and sending. */
  readonly caseInsensitive?: boolean
}

/** What happens to records whose rows left the query. */
export const removals = ['keep', 'archive', 'delete', 'untag'] as const

export type Removal = (typeof removals)[number]

/** A kind of thing that a target holds: contact, company. */
export interface TargetObject {
  readonly name: string
  readonly description: string
  /** Runs are ordered by it: companies (1) before contacts (2). */
  readonly order: number
  readonly fields: readonly Field[]
  /** The prefix under which any further name may be mapped (`custom_attributes.`), and what those take. */
  readonly custom?: { readonly prefix: string; readonly field: Omit<Field, 'name'> }
  /** The modes that work, each with the identifiers that it takes. */
  readonly modes: Readonly<Partial<Record<Mode, readonly string[]>>>
  /** The lists that an activation may keep in a desired state. */
  readonly lists: readonly ('tags' | 'companies')[]
  /** What `on_removed` may say. */
  readonly removals: readonly Removal[]
  /** True where `on_archived: unarchive` works. */
  readonly unarchives: boolean
  /** True where tags are set in the name of an admin, whom the activation has to name (`admin_id`). */
  readonly tagsNeedAdmin: boolean
  /** At least one of these fields has to be mapped for a record to be created; empty where anything goes. */
  readonly requiresOneOf: readonly string[]
}

/** A field that an activation maps, with the column that feeds it (none for a constant). */
export interface MappedField {
  readonly field: string
  readonly column: Column | null
}

/** What one activation wants of a target. */
export interface DeliveryPlan {
  readonly object: string
  readonly mode: Mode
  readonly identifier: string | null
  readonly fields: readonly MappedField[]
  /** Fields that are sent only when a record is created. */
  readonly createOnly: readonly string[]
  readonly lists: readonly ('tags' | 'companies')[]
  readonly onArchived: 'fail' | 'unarchive'
  /** Create companies that a contact's row names and the target does not have. */
  readonly createMissingCompanies: boolean
  /** Create custom attributes that the workspace does not have. */
  readonly createAttributes: boolean
  readonly adminId: string | null
}

/** One thing that `millrace check` looked at. */
export interface CheckPoint {
  /** What was looked at: `token`, `scope: write tags`, `attribute seats`. */
  readonly name: string
  readonly status: 'ok' | 'warning' | 'failed' | 'skipped'
  /** What was found, and what to do about it. Identifiers may be shown, no other values. */
  readonly message: string
  /** The field that it is about, as named in the activation; the engine makes a position of it. */
  readonly field?: string | undefined
  /** True where it failed since the target refuses us, not since the configuration is wrong. */
  readonly refused?: boolean | undefined
}

/** How many requests a session made. */
export interface RequestCounts {
  readonly total: number
  /** By method and path with ids left out: `POST /contacts`, `PUT /contacts/{id}`. */
  readonly byEndpoint: Readonly<Record<string, number>>
  /** How many were answered with "too many requests". */
  readonly rateLimited: number
}

/** The workspace that a session writes to, where a target has several and the login decides which. */
export interface TargetWorkspace {
  /** Its id, as some answer of this session has told it; null before one has. */
  readonly id: string | null
  /** Asks for its id: one request, and nothing is written. Throws `StopRunError` or `TryAgainError`. */
  ask(signal: AbortSignal): Promise<string>
}

/** What a look-up found of one record: the target's id of it, that there is none, or that several fit. */
export type Found = { readonly id: string } | 'missing' | 'ambiguous'

/** An open session with a target, for the operations of one activation. */
export interface Target {
  /** Operations per call of `deliver`, at most. */
  readonly batchSize: number
  /** Calls of `deliver` that may be under way at once; may change as the session learns. */
  readonly concurrency: number
  /**
   * Called once, before the first write and only if there is something to write: checks what can be checked
   * beforehand (login, attributes). Throws `ConfigurationError`, `StopRunError` or `TryAgainError`.
   */
  prepare(signal: AbortSignal): Promise<void>
  /**
   * Delivers a batch. Calls `report` once per operation, as soon as its result is known; an operation that was
   * not reported when the promise settles counts as failed. Never retries what was answered, except that it
   * waits out the target's rate limit: whether and when to send again is the engine's business.
   * Throws `StopRunError` where nothing further can succeed (the token was revoked): what was not reported is then
   * `not_attempted`.
   * Once `signal` aborts, no new request is started; those under way are finished and reported.
   *
   * A target that takes a batch as a job and works on it after it has answered waits for the job here. Once `signal`
   * aborts it does not: it reports `in_doubt` with the job as the failure's `requestId`, and the next run hands that
   * back as the operation's `unansweredRequest`.
   */
  deliver(
    operations: readonly Operation[],
    report: (ordinal: number, delivery: Delivery) => void,
    signal: AbortSignal,
  ): Promise<void>
  /**
   * Looks at everything that the activation needs without writing anything: login and workspace, scopes,
   * attributes, admin, and whether the target has the records of `sample`. Throws `TryAgainError` where the target
   * cannot be reached.
   */
  check(sample: readonly Operation[], signal: AbortSignal): Promise<readonly CheckPoint[]>
  /**
   * Looks the records of at most `batchSize` operations up by their identifier, without writing anything: by ordinal,
   * what was found of each. Absent where records are named by nothing but the target's own id. Throws `StopRunError`
   * where the target refuses to look, `TryAgainError` where it cannot be reached, the signal's reason once that aborts.
   */
  find?(operations: readonly Operation[], signal: AbortSignal): Promise<ReadonlyMap<number, Found>>
  readonly requests: RequestCounts
  /** Absent where there is only one. */
  readonly workspace?: TargetWorkspace
  close(): Promise<void>
}

/** A local stand-in for a target, for trying and for tests. */
export interface Sandbox<Options = unknown> {
  /** Every option with its description and default; the command line makes its flags from it. */
  readonly options: z.ZodMiniType<Options>
  /** Starts a server on loopback. */
  start(
    options: Options,
    context: Pick<ConnectorContext, 'clock' | 'random'>,
  ): Promise<RunningSandbox>
}

export interface RunningSandbox {
  /** What to put as the target's `base_url`. */
  readonly url: string
  /** A token that it accepts. */
  readonly token: string
  close(): Promise<void>
}

/** A kind of target: a plain object, cheap to load; what delivers is imported in `open`. */
export interface TargetConnector<Options = unknown> {
  /** The `type` in the project file. */
  readonly type: string
  /** The options in the project file beside `type`, as `zod` or `zod/mini` has them; strict, so that unknown keys are errors. */
  readonly options: z.ZodMiniType<Options>
  readonly objects: readonly TargetObject[]
  /**
   * What a session logs in with, and where: another one may lead to another workspace. Absent where there is only one.
   * The engine keeps no more of it than a salted digest.
   */
  login?(options: Options): Secret
  open(
    options: Options,
    plan: DeliveryPlan,
    context: ConnectorContext & { readonly knownIds: KnownIds },
  ): Promise<Target>
  readonly sandbox?: () => Promise<Sandbox>
}

/** The connectors of this build, by `type`; each is imported when it is first used. */
export interface Connectors {
  readonly sources: Readonly<Record<string, () => Promise<SourceConnector>>>
  readonly targets: Readonly<Record<string, () => Promise<TargetConnector>>>
}
