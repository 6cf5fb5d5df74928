import { renderAdmin, tokenOwner } from './admin.ts'
import { ApiError } from './errors.ts'
import { type ApiRequest, parameter } from './request.ts'

/** `GET /admins`: every admin of the workspace, on one page. */
export function list({ workspace }: ApiRequest) {
  return { type: 'admin.list', admins: [...workspace.admins.values()].map(renderAdmin) }
}

export function get(request: ApiRequest) {
  const admin = request.workspace.admins.get(parameter(request, 0))
  if (admin === undefined) throw new ApiError(404, 'admin_not_found', 'Admin not found')
  return renderAdmin(admin)
}

/** `GET /me`: the admin who owns the token, and the workspace. */
export function me({ workspace }: ApiRequest) {
  const { app_id, region, timezone } = workspace.options
  const { id, name, email } = workspace.admins.get(tokenOwner.id) ?? tokenOwner
  return {
    type: 'admin',
    id,
    email,
    name,
    email_verified: true,
    app: {
      type: 'app',
      id_code: app_id,
      name: 'Sandbox',
      created_at: 1_577_836_800,
      secure: false,
      identity_verification: false,
      timezone,
      region,
    },
    avatar: { type: 'avatar', image_url: null },
    has_inbox_seat: true,
  }
}
