/** A reference that could not be replaced. */
export interface VariableProblem {
  /** Where it starts in the text, from 0. */
  readonly offset: number
  readonly message: string
}

export interface Substitution {
  readonly text: string
  /** True where a reference was replaced: the text may then hold what must not be shown. */
  readonly replaced: boolean
  readonly problems: readonly VariableProblem[]
}

const reference = /\$\$\{|\$\{([^}]*)(\}?)/g
const body = /^([A-Za-z_][A-Za-z0-9_]*)(?::-([\s\S]*))?$/

/**
 * Replaces `${NAME}` and `${NAME:-default}`; `$${` stands for `${`. The default counts where the variable is
 * unset or empty. What was put in is not looked at again.
 */
export function substitute(
  text: string,
  lookup: (name: string) => string | undefined,
): Substitution {
  const problems: VariableProblem[] = []
  let replaced = false
  const result = text.replace(
    reference,
    (match: string, inside: string | undefined, close: string, offset: number) => {
      if (inside === undefined) return '${'
      const parts = body.exec(inside)
      const name = parts?.[1]
      const fallback = parts?.[2]
      if (name === undefined || close === '' || fallback?.includes('${')) {
        const message = `this is not a variable; write \${NAME} or \${NAME:-default}, or $\${ for the characters \${ themselves`
        problems.push({ offset, message })
        return match
      }
      replaced = true
      const value = lookup(name)
      if (fallback !== undefined) return value === undefined || value === '' ? fallback : value
      if (value !== undefined) return value
      const message = `the variable ${name} is not set; set it in the environment or in .env, or give it a default: \${${name}:-default}`
      problems.push({ offset, message })
      return match
    },
  )
  return { text: result, replaced, problems }
}

const structure = '{}[],:#'
const firstMask = 0xfdd0
const maskable = /\$\{[A-Za-z_][A-Za-z0-9_]*(?::-[^{}"'\\\n]*)?\}/g
const masks = /[\uFDD0-\uFDD6]/g

/**
 * Hides the braces, colons and commas of references from the YAML parser, so that `{ url: ${URL} }` needs no
 * quotes. Every character keeps its offset. Takes noncharacters of Unicode, which no text may hold.
 */
export function mask(text: string): string {
  return text.replace(maskable, (match) =>
    match.replace(/[{}[\],:#]/g, (character) =>
      String.fromCharCode(firstMask + structure.indexOf(character)),
    ),
  )
}

/** Undoes `mask`. */
export function unmask(text: string): string {
  return text.replace(masks, (character) => structure[character.charCodeAt(0) - firstMask] ?? '')
}

/** Where a text holds a character that `mask` needs for itself; -1 where it holds none. */
export function maskedAlready(text: string): number {
  return text.search(masks)
}
