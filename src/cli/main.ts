#!/usr/bin/env node
// Both have to be done before anything else is compiled, and so the rest is imported afterwards.
import './memory.ts'
import './compile-cache.ts'

await import('./start.ts')
