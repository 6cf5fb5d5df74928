import { Secret, type TargetConnector } from '../../src/connector/index.ts'
import { objects } from './objects.ts'
import { baseUrl, type IntercomOptions, options } from './options.ts'

/** Intercom: contacts, companies and tags. */
export const intercom: TargetConnector<IntercomOptions> = {
  type: 'intercom',
  options,
  objects,
  login: (chosen) => new Secret(`${chosen.token.reveal()} ${baseUrl(chosen)}`),
  async open(chosen, plan, context) {
    const { openTarget } = await import('./target.ts')
    return openTarget(chosen, plan, context)
  },
  sandbox: async () => (await import('./sandbox/index.ts')).sandbox,
}
