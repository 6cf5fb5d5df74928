#!/usr/bin/env node
import { prepare } from './prepare.ts'

prepare()
const { connectors, start } = await import('./start.ts')
await start(connectors)
