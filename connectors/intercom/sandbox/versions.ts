import { ApiError } from './errors.ts'

/**
 * The versions of the API that Intercom knows. 2.17 and Preview are answered as 2.16: what they change for contacts
 * and companies is not published as a description.
 */
const known: ReadonlyMap<string, number> = new Map([
  ...[0, 1, 2, 3, 4].map((minor): [string, number] => [`1.${minor}`, 100 + minor]),
  ...Array.from({ length: 18 }, (_, minor): [string, number] => [`2.${minor}`, 200 + minor]),
  ['Preview', 299],
  ['Unstable', 299],
])

export const versionNames: readonly string[] = [...known.keys()]

/** A version as a number that can be compared: `2.13` is 213. Throws a 400 for one that does not exist. */
export function versionNumber(name: string): number {
  const number = known.get(name)
  if (number === undefined) {
    throw new ApiError(
      400,
      'intercom_version_invalid',
      `The requested version '${name}' does not exist`,
    )
  }
  return number
}

/** What is answered to a request that its version of the API does not know. */
export function notInThisVersion(): ApiError {
  return new ApiError(
    400,
    'intercom_version_invalid',
    'Requested resource is not available in current API version.',
  )
}
