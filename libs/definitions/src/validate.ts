import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv'
import { kinds, type Kind } from './kinds.js'
import type { Path, Placed } from './placed.js'
import { schemas } from './schema.js'

const ajv = new Ajv({ allErrors: true, strict: false, verbose: true })
const validators = Object.fromEntries(kinds.map((kind) => [kind, ajv.compile(schemas[kind])])) as Readonly<
  Record<Kind, ValidateFunction>
>

/** What is wrong with the shape of a definition, as `file:line: message`; nothing means it is one of this kind. */
export function shapeMistakes(kind: Kind, { value, at }: Placed<unknown>): string[] {
  const validate = validators[kind]
  if (validate(value)) return []
  return relevant(validate.errors ?? []).map((error) => `${at(pathOf(error))}: ${messageOf(error)}`)
}

/** Of a failed choice: what is wrong inside the branch that was chosen, or else that none was; not each branch's complaint. */
function relevant(errors: readonly ErrorObject[]): ErrorObject[] {
  const choices = errors.filter(({ keyword }) => keyword === 'oneOf').map(({ instancePath }) => instancePath)
  const inside = (path: string) => errors.some(({ instancePath }) => instancePath.startsWith(`${path}/`))
  return errors.filter(
    ({ keyword, instancePath }) =>
      keyword !== 'if' && (!choices.includes(instancePath) || (keyword === 'oneOf' && !inside(instancePath))),
  )
}

/** Where an error lies: the field itself, where it is one too many. */
function pathOf({ instancePath, params }: ErrorObject): Path {
  const { additionalProperty } = params as { additionalProperty?: string }
  const path = instancePath
    .split('/')
    .slice(1)
    .map((part) => (/^\d+$/.test(part) ? Number(part) : part.replaceAll('~1', '/').replaceAll('~0', '~')))
  return additionalProperty === undefined ? path : [...path, additionalProperty]
}

function messageOf({ keyword, params, message, instancePath, parentSchema }: ErrorObject): string {
  const field = instancePath.split('/').slice(1).join('.') || 'the definition'
  const { missingProperty, additionalProperty, allowedValues } = params as {
    missingProperty?: string
    additionalProperty?: string
    allowedValues?: unknown[]
  }
  if (missingProperty) return `${field} lacks ${missingProperty}`
  if (additionalProperty) return `${field} has a field ${additionalProperty} that is not known`
  if (allowedValues) return `${field} must be one of ${allowedValues.join(', ')}`
  if (keyword === 'pattern') return `${field} must be ${String(parentSchema?.['description'])}`
  if (keyword === 'oneOf') return `${field} must ${String(parentSchema?.['description'])}`
  return `${field} ${message ?? 'is not right'}`
}
