import dns from 'node:dns'
import { createServer, connect as dial, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { vi } from 'vitest'
import type { Clock } from '../../src/connector/index.ts'
import { certificate } from './certificate.ts'

/** What is wrong with the way to Intercom, from the moment at which a connection is cut. */
export type Trouble =
  /** The name of the host is not known any more. */
  | 'name'
  /** Every connection is cut, and nobody listens. */
  | 'refused'
  /** The certificate is one that nobody has reason to trust. */
  | 'certificate'
  /** Connections are cut during the handshake of TLS. */
  | 'handshake'

/**
 * The way from millrace to a sandbox, by name and where need be over TLS. It is in order until the sandbox cuts a
 * connection, then in trouble until time has passed or it is mended.
 */
export class Network {
  /** What the target is to have as `base_url`. */
  readonly url: string
  readonly #trouble: Trouble
  readonly #clock: Clock
  readonly #lasts: number | null
  readonly #server: Server
  readonly #port: number
  readonly #sockets = new Set<Socket>()
  #since: number | null = null
  #mended: AbortController | null = null

  private constructor(server: Server, port: number, options: NetworkOptions) {
    this.#server = server
    this.#port = port
    this.#trouble = options.trouble
    this.#clock = options.clock
    this.#lasts = options.lasts
    const host = options.trouble === 'name' ? 'localhost' : '127.0.0.1'
    this.url = `${isTls(options.trouble) ? 'https' : 'http'}://${host}:${port}`
  }

  static async open(options: NetworkOptions): Promise<Network> {
    const server = isTls(options.trouble) ? createTlsServer(certificate) : createServer()
    await listen(server, 0)
    const address = server.address()
    const network = new Network(server, (address as { port: number }).port, options)
    const upstream = Number(new URL(options.sandboxUrl).port)
    server.on(isTls(options.trouble) ? 'secureConnection' : 'connection', (socket: Socket) =>
      network.#forward(socket, upstream),
    )
    server.on('tlsClientError', () => {})
    if (options.trouble === 'handshake') {
      server.on('connection', (socket: Socket) => {
        if (network.#isInTrouble) socket.destroy()
      })
    }
    if (options.trouble === 'name') {
      vi.spyOn(dns, 'lookup').mockImplementation(network.#lookup as unknown as typeof dns.lookup)
    }
    network.#trust(true)
    return network
  }

  /** Everything is in order from now on. */
  async mend(): Promise<void> {
    this.#mended?.abort()
    this.#trust(true)
    if (!this.#server.listening) await listen(this.#server, this.#port)
  }

  async close(): Promise<void> {
    this.#mended?.abort()
    vi.restoreAllMocks()
    vi.unstubAllEnvs()
    for (const socket of this.#sockets) socket.destroy()
    await stopListening(this.#server)
  }

  get #isInTrouble(): boolean {
    return this.#mended?.signal.aborted === false
  }

  #forward(client: Socket, port: number): void {
    const upstream = dial(port, '127.0.0.1')
    this.#sockets.add(client)
    let wasCut = false
    upstream.on('error', () => {
      wasCut = true
    })
    upstream.on('close', () => {
      if (wasCut) this.#begin()
      client.destroy()
    })
    client.on('error', () => {})
    client.on('close', () => {
      this.#sockets.delete(client)
      upstream.destroy()
    })
    client.pipe(upstream).pipe(client)
  }

  /** The trouble begins, once. */
  #begin(): void {
    if (this.#since !== null) return
    this.#since = this.#clock.now()
    const mended = new AbortController()
    this.#mended = mended
    this.#trust(false)
    if (this.#trouble === 'refused') {
      void stopListening(this.#server)
      for (const socket of this.#sockets) socket.destroy()
    }
    if (this.#lasts === null) return
    this.#clock.sleep(this.#lasts, mended.signal).then(
      () => this.mend(),
      () => {},
    )
  }

  /** Node reads the variable at every connect. */
  #trust(trusted: boolean): void {
    if (this.#trouble !== 'certificate' && this.#trouble !== 'handshake') return
    const isTrusted = trusted || this.#trouble === 'handshake'
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', isTrusted ? '0' : undefined)
  }

  #lookup = (
    name: string,
    options: { readonly all?: boolean },
    answer: (error: Error | null, addresses?: unknown, family?: number) => void,
  ): void => {
    setImmediate(() => {
      if (this.#isInTrouble) {
        const error = new Error(`getaddrinfo ENOTFOUND ${name}`)
        answer(Object.assign(error, { code: 'ENOTFOUND', syscall: 'getaddrinfo' }))
      } else if (options.all === true) answer(null, [{ address: '127.0.0.1', family: 4 }])
      else answer(null, '127.0.0.1', 4)
    })
  }
}

export interface NetworkOptions {
  readonly trouble: Trouble
  readonly sandboxUrl: string
  readonly clock: Clock
  /** How long the trouble lasts, in milliseconds; null: until it is mended. */
  readonly lasts: number | null
}

function isTls(trouble: Trouble): boolean {
  return trouble === 'certificate' || trouble === 'handshake'
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject)
      resolve()
    })
  })
}

/** Resolves at once where it does not listen; connections live on. */
function stopListening(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()))
}
