/** A teammate of the workspace. */
export interface Admin {
  readonly id: string
  readonly name: string
  readonly email: string
}

/** The admin who owns the access token, and is there from the start. */
export const tokenOwner: Admin = {
  id: '1',
  name: 'Sandbox Admin',
  email: 'admin@sandbox.example',
}

/** An admin as `GET /admins` answers it. */
export function renderAdmin(admin: Admin) {
  return {
    type: 'admin',
    id: admin.id,
    name: admin.name,
    email: admin.email,
    job_title: '',
    away_mode_enabled: false,
    away_mode_reassign: false,
    away_status_reason_id: null,
    has_inbox_seat: true,
    team_ids: [],
    avatar: null,
  }
}
