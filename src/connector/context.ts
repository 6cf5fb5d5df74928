/** Time, handed in so that tests hold the clock. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number
  /** Resolves after `milliseconds`, or rejects with the signal's reason as soon as `signal` aborts. */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>
}

/** A number in [0, 1), handed in so that tests hold chance. */
export type Random = () => number

/** Looks up ids that other activations of the project have learnt from the same target. */
export interface KnownIds {
  /** By value of the identifier (`company_id`), the target's ids of those records of the object that are known. */
  find(
    object: string,
    identifier: string,
    values: readonly string[],
  ): Promise<ReadonlyMap<string, string>>
}

/** What every connector is given when it is opened. Nothing in a connector reads the process's own clock, chance or environment. */
export interface ConnectorContext {
  readonly clock: Clock
  readonly random: Random
  /** The folder of the project file: relative paths in a connector's configuration and in queries start here. */
  readonly projectFolder: string
  /** Says something that a person who watches the run wants to know; never holds a secret or a row's value. */
  notice(message: string): void
}
