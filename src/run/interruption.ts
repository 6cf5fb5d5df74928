/** The reason with which a run's signal aborts when a person or the system stops it. */
export class Interruption extends Error {
  override readonly name = 'Interruption'
  /** 128 plus the signal's number, as shells have it: 130 for SIGINT, 143 for SIGTERM. */
  readonly exitCode: number

  constructor(exitCode: number) {
    super('interrupted')
    this.exitCode = exitCode
  }
}
