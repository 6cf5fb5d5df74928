/** How text is emphasised; every function hands its text back unchanged where colours are off. */
export interface Style {
  good(text: string): string
  bad(text: string): string
  warn(text: string): string
  strong(text: string): string
  faint(text: string): string
}

/** For files, pipes and `NO_COLOR`. */
export const plain: Style = {
  good: (text) => text,
  bad: (text) => text,
  warn: (text) => text,
  strong: (text) => text,
  faint: (text) => text,
}

function paint(open: number, close: number): (text: string) => string {
  return (text) => `\u001b[${open}m${text}\u001b[${close}m`
}

/** For terminals. */
export const coloured: Style = {
  good: paint(32, 39),
  bad: paint(31, 39),
  warn: paint(33, 39),
  strong: paint(1, 22),
  faint: paint(2, 22),
}
