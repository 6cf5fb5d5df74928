import { randomBytes } from 'node:crypto'
import type { Activation } from '../config/activation.ts'
import type { Project } from '../config/project.ts'
import { type Secret, StopRunError, type Target } from '../connector/index.ts'
import type { Basis } from '../state/store.ts'

/** A salt and a digest, 64 characters. */
const kept = /^(?<salt>[0-9a-f]+):(?<digest>[0-9a-f]{64})$/

/** What the activation's target logs in with; null where all logins lead to the same place. */
export function loginOf(project: Project, { target }: Activation): Secret | null {
  const { connector, options } = project.targets.get(target) ?? {}
  return connector?.login?.(options) ?? null
}

/** Whether a login is the one that `keepLogin` kept. */
export function isSameLogin(text: string | null, login: Secret): boolean {
  const { salt, digest } = kept.exec(text ?? '')?.groups ?? {}
  return salt !== undefined && login.digest(salt) === digest
}

/** What can be kept of a login: enough to know it again, and nothing to log in with. */
function keepLogin(login: Secret): string {
  const salt = randomBytes(16).toString('hex')
  return `${salt}:${login.digest(salt)}`
}

export interface WorkspaceGuardOptions {
  readonly target: Target
  readonly login: Secret | null
  /** What the snapshot rests on. */
  readonly basis: Basis
  /** Whether another workspace may be written to this once. */
  readonly allowed: boolean
  /** How many keys the snapshot has. */
  readonly countKeys: () => Promise<number>
  /** Keeps which workspace the snapshot is of. */
  readonly keep: (workspace: Pick<Basis, 'workspace' | 'login'>) => Promise<void>
}

/**
 * The guard `workspace`: what is known of one workspace says nothing of another, and ids of one mean nothing there, or
 * somebody else. Only where the login is another one than last time is the target asked.
 */
export class WorkspaceGuard {
  readonly #options: WorkspaceGuardOptions
  #known: string | null
  #refusal: StopRunError | null = null

  constructor(options: WorkspaceGuardOptions) {
    this.#options = options
    this.#known = options.basis.workspace
  }

  /** Why the run was ended by this guard; null where it was not. */
  get refusal(): StopRunError | null {
    return this.#refusal
  }

  /**
   * To be called before anything is written. Throws `StopRunError` where the login leads to another workspace, and what
   * asking throws.
   */
  async check(signal: AbortSignal): Promise<void> {
    const { target, login, basis, allowed, countKeys } = this.#options
    const { workspace } = target
    if (workspace === undefined || login === null || basis.workspace === null) return
    if (isSameLogin(basis.login, login)) return
    const found = await workspace.ask(signal)
    if (found !== basis.workspace && !allowed && (await countKeys()) > 0) {
      this.#refusal = new StopRunError(
        `The login leads to the workspace ${found}, and the last run wrote to the workspace ${basis.workspace}: what is known of that one says nothing of this one. Nothing was written. Was the token swapped? Else let it through once with --allow workspace, and with --full, or rows that have not changed are not sent; or begin anew with "millrace state forget".`,
      )
      throw this.#refusal
    }
    await this.#keep(found)
  }

  /** To be called before outcomes are recorded: keeps which workspace they are of, as soon as an answer has told it. */
  async learn(): Promise<void> {
    const id = this.#options.target.workspace?.id ?? null
    if (this.#known === null && id !== null) await this.#keep(id)
  }

  /** To be called once something was written: asks where no answer has told it. What that fails with is left to the next run. */
  async ask(signal: AbortSignal): Promise<void> {
    const { target } = this.#options
    if (this.#known !== null || target.workspace === undefined || signal.aborted) return
    const id = await target.workspace.ask(signal).catch(() => null)
    if (id !== null) await this.#keep(id)
  }

  async #keep(workspace: string): Promise<void> {
    const { login, keep } = this.#options
    if (login === null) return
    this.#known = workspace
    await keep({ workspace, login: keepLogin(login) })
  }
}
