import { join } from 'node:path'
import type { Project } from '../config/project.ts'

/** Where the indexes of a project's snapshots are kept: beside the state where that is a file, else in the project. */
export function indexFolderOf({ state, folder, profile }: Project): string {
  if (state.kind === 'sqlite') return `${state.file}.index`
  return join(folder, '.millrace', profile === null ? 'index' : `index-${profile}`)
}
