import { basename, dirname, resolve } from 'node:path'
import type { Problem } from '../connector/index.ts'
import { type ActivationFile, readActivationFile } from './activation-file.ts'
import type { Lookup } from './environment.ts'
import { pathName } from './places.ts'
import { activationsFolderOf, type ProjectFile } from './project-file.ts'
import { shownPath, yamlFilesIn } from './text-file.ts'

function unusable(
  projectPath: string,
  { settings }: ProjectFile,
  folder: string,
  fault: string,
): Problem {
  const hidden = settings.replaced.has(pathName(['activations']))
  const shown = hidden ? 'the folder' : `the folder ${shownPath(dirname(projectPath), folder)}`
  const given = settings.places.has(['activations'])
  return {
    message: `${shown} with the activations ${fault}; make it, or start over with "millrace init"`,
    position: given
      ? settings.places.value(['activations'])
      : { file: basename(projectPath), line: 1, column: 1 },
  }
}

/**
 * Reads every activation file of a project. Where the project file does not say which folder that is, since it is
 * wrong itself, the folder `activations` is read if there is one, so that all problems are told at once.
 */
export async function readActivationFiles(
  projectPath: string,
  project: ProjectFile | null,
  lookup: Lookup,
  problems: Problem[],
): Promise<readonly ActivationFile[]> {
  const projectFolder = dirname(projectPath)
  const folder = project && activationsFolderOf(project, projectFolder)
  const found = await yamlFilesIn(folder ?? resolve(projectFolder, 'activations'))
  if (found.files === null) {
    if (project !== null && folder !== null) {
      problems.push(unusable(projectPath, project, folder, found.fault))
    }
    return []
  }
  const paths = found.files.filter((path) => path !== projectPath)
  return Promise.all(paths.map((path) => readActivationFile(projectFolder, path, lookup, problems)))
}
