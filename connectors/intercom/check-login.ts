import type { CheckPoint } from '../../src/connector/index.ts'
import { type Answered, errorsOf, header, property, text } from './answer.ts'
import { type Ask, isForbidden, refusalName } from './check-ask.ts'
import { stopMessage } from './failures.ts'
import type { IntercomOptions } from './options.ts'

export type Address = Pick<IntercomOptions, 'region' | 'base_url' | 'api_version'>

/** Who the token belongs to, where the workspace is hosted and which version of the API answers (OAS:14). */
export async function checkLogin(ask: Ask, address: Address): Promise<readonly CheckPoint[]> {
  const reply = await ask({ method: 'GET', endpoint: '/me' })
  const app = property(reply.body, 'app')
  if (reply.status !== 200 || app === undefined) return [refused(reply, address)]
  const region = text(app, 'region')
  const workspace = `workspace ${text(app, 'name') ?? 'without a name'} (${text(app, 'id_code') ?? 'without an id'})`
  return [
    { name: 'token', status: 'ok', message: `${workspace}, region ${region ?? 'unknown'}` },
    ...checkRegion(region, address),
    checkVersion(reply, address),
  ]
}

function refused(reply: Answered, { region, base_url, api_version }: Address): CheckPoint {
  const error = errorsOf(reply.body)[0] ?? null
  if (error?.code === 'intercom_version_invalid') {
    const message = `Intercom does not serve api_version ${api_version} (${refusalName(reply)}). Set api_version of the target to one that it does, such as "2.16".`
    return { name: 'API version', status: 'failed', message }
  }
  if (isForbidden(reply)) {
    const asked = region ?? (base_url === undefined ? 'us, the default' : base_url)
    const message = `${stopMessage(reply, error)} The region asked was ${asked}.`
    return { name: 'token', status: 'failed', refused: true, message }
  }
  const message = `GET /me was answered with ${refusalName(reply)}, which is not how Intercom answers. Check region and base_url of the target.`
  return { name: 'token', status: 'failed', message }
}

/** The regional host is to be used, although Intercom tries to pass requests on (FACTS 8). */
function checkRegion(region: string | null, address: Address): readonly CheckPoint[] {
  if (region === null || address.base_url !== undefined) return []
  const asked = address.region ?? 'us'
  const hosted = region.toLowerCase()
  if (hosted === asked) return [{ name: 'region', status: 'ok', message: asked }]
  const message = `the workspace is hosted in ${hosted}, but requests go to ${asked}: set region: ${hosted} of the target`
  return [{ name: 'region', status: 'warning', message }]
}

/** Answers repeat the version that they were made with (FACTS 1.2). */
function checkVersion(reply: Answered, { api_version }: Address): CheckPoint {
  const name = 'API version'
  const answered = header(reply.headers, 'intercom-version')
  if (answered === null) {
    const message = `${api_version} was asked for; the answer does not say which it was`
    return { name, status: 'ok', message }
  }
  if (answered === api_version) return { name, status: 'ok', message: api_version }
  const message = `${api_version} was asked for, but ${answered} answered: set api_version of the target to a version that Intercom serves`
  return { name, status: 'warning', message }
}
