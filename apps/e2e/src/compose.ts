import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'

const file = fileURLToPath(new URL('../../../docker-compose.yml', import.meta.url))

/** What must be set before anything starts, with values for tests. */
export const secrets: Readonly<Record<string, string>> = {
  FUNNEL_TOKEN: 'a-token-of-this-spec',
  POSTGRES_PASSWORD: 'admin1',
  STORE_PASSWORD: 'store1',
  VAULT_PASSWORD: 'vault1',
  READ_PASSWORD: 'read1',
  QUERY_PASSWORD: 'query1',
}

export interface ComposeService {
  readonly image?: string
  readonly restart?: string
  readonly command?: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
  readonly ports?: readonly string[]
  readonly volumes?: readonly string[]
  readonly secrets?: readonly string[]
  readonly healthcheck?: object
}

export interface Compose {
  readonly services: Readonly<Record<string, ComposeService>>
  readonly volumes: object
  readonly secrets: Readonly<Record<string, object>>
}

const EXPRESSION = /\$\{(\w+)(?:(:\?|:-)((?:[^{}]|\{[^{}]*\})*))?\}/g

/** The variables that docker-compose.yml asks for. */
export const variables = (): string[] => [
  ...new Set([...readFileSync(file, 'utf8').matchAll(/\$\{(\w+)/g)].map(([, name]) => name!)),
]

/** docker-compose.yml as Compose reads it, with these variables. Throws on one that is required and absent. */
export function composeFile(env: Readonly<Record<string, string>>): Compose {
  const fill = (text: string): string =>
    text.replace(EXPRESSION, (_, name: string, kind: string | undefined, rest = '') => {
      const value = env[name]
      if (value) return value
      if (kind === ':?') throw new Error(`${name}: ${rest}`)
      return fill(rest)
    })
  const resolve = (value: unknown): unknown =>
    typeof value === 'string'
      ? fill(value)
      : Array.isArray(value)
        ? value.map(resolve)
        : typeof value === 'object' && value !== null
          ? Object.fromEntries(Object.entries(value).map(([key, field]) => [key, resolve(field)]))
          : value
  return resolve(parse(readFileSync(file, 'utf8'), { merge: true })) as Compose
}
