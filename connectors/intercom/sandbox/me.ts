import type { ApiRequest } from './request.ts'
import { adminId } from './workspace.ts'

/** `GET /me`: the admin who owns the token, and the workspace. */
export function me({ workspace }: ApiRequest) {
  const { app_id, region, timezone } = workspace.options
  return {
    type: 'admin',
    id: adminId,
    email: 'admin@sandbox.example',
    name: 'Sandbox Admin',
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
