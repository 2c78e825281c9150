#!/usr/bin/env node
// Writes asyncapi.yaml from the catalogue. Build first. Usage: node libs/events/generate.mjs
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { format } from 'prettier'
import { asyncApi } from './dist/asyncapi.js'

const file = fileURLToPath(new URL('asyncapi.yaml', import.meta.url))
writeFileSync(file, await format(asyncApi(), { filepath: file, singleQuote: true, printWidth: 120 }))
