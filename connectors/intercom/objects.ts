import type { TargetObject } from '../../src/connector/index.ts'
import { company } from './company-object.ts'
import { contact } from './contact-object.ts'
import { conversation } from './conversation-object.ts'

/** Everything of a workspace that an activation may write. */
export const objects: readonly TargetObject[] = [company, contact, conversation]
