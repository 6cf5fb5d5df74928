import type { CheckPoint, DeliveryPlan } from '../../src/connector/index.ts'
import { list, property } from './answer.ts'
import { type Ask, isForbidden, refusalName } from './check-ask.ts'

/** Whether the admin exists in whose name conversations are tagged; nothing where the activation names none (OAS: listAdmins). */
export async function checkAdmin(
  ask: Ask,
  { adminId }: DeliveryPlan,
): Promise<readonly CheckPoint[]> {
  if (adminId === null) return []
  const name = 'admin'
  const reply = await ask({ method: 'GET', endpoint: '/admins' })
  if (reply.status !== 200) {
    const message = `cannot be looked up: Intercom refused GET /admins (${refusalName(reply)}).${isForbidden(reply) ? ' Give the app the permission "Read admins" to have it checked.' : ''}`
    return [{ name, status: 'warning', message }]
  }
  const ids = list(reply.body, 'admins').map((admin) => String(property(admin, 'id')))
  if (ids.includes(adminId)) return [{ name, status: 'ok', message: `admin ${adminId} exists` }]
  const message = `the workspace has no admin ${adminId}, in whose name tags are set. Set admin_id to the id of one of its ${ids.length} admins.`
  return [{ name, status: 'failed', message }]
}
