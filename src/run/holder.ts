import { createHash } from 'node:crypto'
import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'

/**
 * How this process signs a lock: for people the host and the process, and in brackets what tells it from every
 * other process: the boot and process namespace in which the number means something, and when the process began.
 */
export function thisHolder(): string {
  const mark = markOf(process.pid)
  const name = `${hostname()}, process ${process.pid}`
  return mark === null ? name : `${name} [${mark}]`
}

/**
 * True where the holder was a process of this machine that has ended: its lock need not be waited for. False where
 * that cannot be known, as for processes of other machines and on systems without /proc.
 */
export function hasEnded(holder: string): boolean {
  const signed = /, process (\d+) \[(\w+)\.(\w+)\]$/.exec(holder)
  if (signed === null) return false
  const [, number, place, began] = signed
  if (place !== placeOfNumbers()) return false
  return beganAt(Number(number)) !== began
}

function markOf(pid: number): string | null {
  const place = placeOfNumbers()
  const began = beganAt(pid)
  return place === null || began === null ? null : `${place}.${began}`
}

/** Stands for the boot of this machine and the namespace in which process numbers are unique; null where unknown. */
function placeOfNumbers(): string | null {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8')
    const namespace = readlinkSync('/proc/self/ns/pid')
    return createHash('sha256').update(boot).update(namespace).digest('hex').slice(0, 8)
  } catch {
    return null
  }
}

/** When a process began, in clock ticks since boot; null where there is no such process, or no telling. */
function beganAt(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The second field is the command in brackets, which may itself hold blanks and brackets.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    // A zombie has ended, only nobody asked how.
    if (fields[0] === 'Z' || fields[0] === 'X') return null
    return fields[19] ?? null
  } catch {
    return null
  }
}
