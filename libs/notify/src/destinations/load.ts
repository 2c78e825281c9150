import { Ajv, type ErrorObject } from 'ajv'
import { readPlaced, type Path, type Placed } from '@funnel/definitions'
import { FunnelError } from '@funnel/events'
import { schemas, type Destination, type DestinationType } from './destination.js'

const ajv = new Ajv({ allErrors: true, strict: false, verbose: true })
const types = Object.keys(schemas) as DestinationType[]
const validators = {
  webhook: ajv.compile(schemas.webhook),
  slack: ajv.compile(schemas.slack),
  email: ajv.compile(schemas.email),
}
const VARIABLE = /\$\{(\w+)\}/g

/** What decides how a file of destinations is read. */
export interface LoadOptions {
  /** Where `${NAME}` is looked up. */
  readonly env?: NodeJS.ProcessEnv
  /** Whether destinations may lie on this machine or in a private network. */
  readonly allowPrivate?: boolean
}

/**
 * The destinations of a YAML file; none where no file is named. `${NAME}` in a text stands for a variable of the
 * environment. Throws INVALID with every mistake as `file:line: message`, never with a value: values may be secrets.
 */
export function loadDestinations(
  file: string | undefined,
  { env = process.env, allowPrivate = false }: LoadOptions = {},
): readonly Destination[] {
  if (!file) return []
  const placed = readPlaced(file)
  const mistakes = 'mistakes' in placed ? placed.mistakes : mistakesOf(placed, env, allowPrivate)
  if (mistakes.length)
    throw new FunnelError(
      'INVALID',
      `The destinations have ${mistakes.length} mistake${mistakes.length > 1 ? 's' : ''}:\n${mistakes.join('\n')}`,
      { mistakes },
    )
  return (filled((placed as Placed<unknown>).value, env) as { destinations: readonly Destination[] }).destinations
}

/** The variables that a text of destinations asks for: names of secrets. */
export const variablesIn = (text: string): readonly string[] => [
  ...new Set([...text.matchAll(VARIABLE)].map(([, name]) => name!)),
]

function mistakesOf({ value, at }: Placed<unknown>, env: NodeJS.ProcessEnv, allowPrivate: boolean): string[] {
  const list = (value as { destinations?: unknown } | null)?.destinations
  if (!Array.isArray(list)) return [`${at()}: there must be a list \`destinations\``]
  const seen = new Set<unknown>()
  return list.flatMap((raw: unknown, index) => {
    const path: Path = ['destinations', index]
    const say = (message: string, ...field: Path) =>
      `${at([...path, ...field])}: ${nameOf(raw) ?? `destination ${index + 1}`}: ${message}`
    const absent = variablesIn(JSON.stringify(raw)).filter((name) => !env[name])
    if (absent.length) return absent.map((name) => say(`the environment has no ${name}`))
    const one = filled(raw, env) as Partial<Destination> | null
    const validate = types.includes(one?.type as DestinationType) ? validators[one!.type!] : undefined
    if (!validate) return [say(`its type must be one of ${types.join(', ')}`, 'type')]
    if (!validate(one)) return told(validate.errors ?? []).map(([message, field]) => say(message, ...field))
    const destination = one as Destination
    const twice = seen.has(destination.id)
    seen.add(destination.id)
    const address =
      destination.type === 'email' ? serverMistake(destination.server) : urlMistake(destination.url, allowPrivate)
    return [
      ...(twice ? [say('there is another destination with this id', 'id')] : []),
      ...(address ? [say(address, destination.type === 'email' ? 'server' : 'url')] : []),
    ]
  })
}

const nameOf = (raw: unknown): string | undefined => {
  const { id } = (raw ?? {}) as { id?: unknown }
  return typeof id === 'string' && !id.includes('$') ? id : undefined
}

function filled(value: unknown, env: NodeJS.ProcessEnv): unknown {
  if (typeof value === 'string') return value.replace(VARIABLE, (_, name: string) => env[name] ?? '')
  if (Array.isArray(value)) return value.map((item) => filled(item, env))
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, filled(field, env)]))
  return value
}

/** Mistakes of the shape and where they lie, each field once, without the values. */
function told(errors: readonly ErrorObject[]): [string, Path][] {
  const seen = new Map<string, [string, Path]>()
  for (const { instancePath, keyword, params, message, parentSchema } of errors) {
    const path = instancePath.split('/').slice(1)
    const { missingProperty, additionalProperty } = params as { missingProperty?: string; additionalProperty?: string }
    const [field = ''] = path
    const text = missingProperty
      ? `${missingProperty} is missing`
      : additionalProperty
        ? `there is no field ${additionalProperty}`
        : keyword === 'pattern' || field === 'secret'
          ? `${field} must be ${field === 'secret' ? schemas.webhook.properties.secret.description : String(parentSchema?.['description'])}`
          : field === 'events'
            ? `events must be some of ${schemas.slack.properties.events.items.anyOf.map((one) => one.const).join(', ')}`
            : field === 'party'
              ? 'party must be marketing or sales'
              : `${field} ${message ?? 'is not right'}`
    if (!seen.has(text)) seen.set(text, [text, additionalProperty ? [additionalProperty] : path.slice(0, 1)])
  }
  return [...seen.values()]
}

const urlOf = (text: string): URL | undefined => (URL.canParse(text) ? new URL(text) : undefined)

function urlMistake(text: string, allowPrivate: boolean): string | undefined {
  const url = urlOf(text)
  if (!url) return 'url is no URL'
  if (url.username || url.password) return 'url must have no user and no password in it'
  if (url.protocol === 'https:' || (allowPrivate && url.protocol === 'http:' && isLoopback(url.hostname)))
    return undefined
  return 'url must begin with https:// (http:// only to this machine, with FUNNEL_ALLOW_PRIVATE_DESTINATIONS=true)'
}

function serverMistake(text: string): string | undefined {
  const url = urlOf(text)
  if (!url?.hostname || !/^smtps?:$/.test(url.protocol))
    return 'server must be smtp://host:587 or smtps://host:465, with user:password@ before the host if it asks for them, both percent-encoded'
  try {
    credentialsOf(url)
    return undefined
  } catch {
    return 'user and password in server must be percent-encoded: % is written %25'
  }
}

/** User and password of a mail server as they are meant. Throws URIError where they are not percent-encoded. */
export const credentialsOf = ({ username, password }: URL): { readonly user: string; readonly pass: string } => ({
  user: decodeURIComponent(username),
  pass: decodeURIComponent(password),
})

/** Whether a host of a URL is this machine. */
export const isLoopback = (host: string): boolean => /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(host)
