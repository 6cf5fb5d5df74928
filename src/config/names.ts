const name = /^[A-Za-z0-9][A-Za-z0-9_.-]*$/
const nameWithoutDots = /^[A-Za-z0-9][A-Za-z0-9_-]*$/

/** Whether an activation may be called this: it has to be usable on a command line and in a file's name. */
export function isActivationName(text: string): boolean {
  return name.test(text)
}

/** Whether a source or target may be called this; the dot stands between target and object. */
export function isConnectionName(text: string): boolean {
  return nameWithoutDots.test(text)
}
