import 'reflect-metadata'
import { plainToInstance } from 'class-transformer'
import { getMetadataStorage, validateSync, type ValidationError } from 'class-validator'
import { closeNames, FunnelError } from '@funnel/events'
import { commands, type Command, type CommandType } from './table.js'

/** The type of a command. Throws INVALID for none, or for one that there is not. */
export function commandType(type: unknown): CommandType {
  const names = Object.keys(commands) as CommandType[]
  const known = names.find((name) => name === type)
  if (known) return known
  if (typeof type !== 'string')
    throw refused('type', `type is missing: say what is to be done, one of ${names.join(', ')}`)
  const close = closeNames(type, names)
  throw refused(
    'type',
    `there is no such command: ${close.length ? `did you mean ${close.join(' or ')}?` : `there are ${names.join(', ')}`}`,
  )
}

/**
 * The command that these fields are; a note in it is still its text. Expects an object of bounded depth. Throws INVALID
 * with the field and how to mend it.
 */
export function commandOf(type: CommandType, fields: Readonly<Record<string, unknown>>): Command {
  assertPlain(fields)
  const { fields: shape }: { readonly fields: new () => object } = commands[type]
  const instance = plainToInstance(shape, fields)
  const [error] = validateSync(instance, {
    whitelist: true,
    forbidNonWhitelisted: true,
    forbidUnknownValues: true,
    validationError: { target: false, value: false },
  })
  if (error) throw mistake(type, error)
  return { type, ...instance } as Command
}

/** Refuses names that programs trip over, before anything makes objects of them. */
function assertPlain(value: unknown, path = ''): void {
  if (typeof value !== 'object' || value === null) return
  for (const [name, one] of Object.entries(value)) {
    const field = path ? `${path}.${name}` : name
    if (name === '__proto__' || name === 'constructor' || name === 'prototype')
      throw refused(field, `${field} is a name that programs trip over: leave it out`)
    assertPlain(one, field)
  }
}

function mistake(type: CommandType, error: ValidationError, path = ''): FunnelError {
  const { property, children = [], constraints = {} } = error
  const field = `${path}${property}`
  const [child] = children
  if (child) return mistake(type, child, `${field}.`)
  if (!constraints['whitelistValidation']) return refused(field, `${field} ${Object.values(constraints)[0]}`)
  const names = path ? [] : fieldsOf(type)
  const [close] = closeNames(property, names)
  const known = names.length ? `: its fields are ${names.join(', ')}` : ''
  return refused(field, `${field} is not a field of ${type}${close ? `: did you mean ${close}?` : known}`)
}

const fieldsOf = (type: CommandType): readonly string[] => [
  ...new Set(
    getMetadataStorage()
      .getTargetValidationMetadatas(commands[type].fields, '', false, false)
      .map(({ propertyName }) => propertyName),
  ),
]

const refused = (field: string, message: string) =>
  new FunnelError('INVALID', message, { field: field.slice(0, 200).toWellFormed() })
