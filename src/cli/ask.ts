import { createInterface } from 'node:readline'

/** Asks on the terminal, and returns the line that was typed; an empty one where none was. */
export function askOnTerminal(question: string): Promise<string> {
  const lines = createInterface({ input: process.stdin, output: process.stderr })
  return new Promise<string>((resolve) => {
    lines.on('close', () => resolve(''))
    lines.question(question, (answer) => {
      resolve(answer)
      lines.close()
    })
  })
}
