import { closeNames, FunnelError, isEmail } from '@funnel/events'
import { isPhone } from './addresses.js'
import { personalFields, type Personal } from './vault.js'

/** Most characters of a field. */
const MOST = 200

/**
 * What an event tells of a person beside itself, checked. A closed list of fields, so that no secret comes in by one.
 * Throws INVALID with the field and never the value.
 */
export function personalOf(value: unknown): Personal {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw refused('personal', `personal must be an object with some of ${personalFields.join(', ')}`)
  const personal = value as Readonly<Record<string, unknown>>
  for (const name of Object.keys(personal)) {
    const field = `personal.${name}`
    if (!personalFields.some((known) => known === name)) {
      const [close] = closeNames(name, personalFields)
      throw refused(
        field.slice(0, MOST),
        `${field.slice(0, MOST)} is not taken: ${close ? `did you mean ${close}?` : `there are ${personalFields.join(', ')}`}`,
      )
    }
    assertLine(personal[name], field)
  }
  const { email, phone } = personal as Personal
  if (email !== undefined && !isEmail(email.trim()))
    throw refused('personal.email', 'personal.email is no e-mail address')
  if (phone !== undefined && !isPhone(phone))
    throw refused(
      'personal.phone',
      'personal.phone is no telephone number: send 6 to 15 digits, such as +49 30 1234567',
    )
  return personal
}

function assertLine(value: unknown, field: string): void {
  if (typeof value !== 'string' || value.trim() === '')
    throw refused(field, `${field} must be text: leave it out or give it a value`)
  if (value.length > MOST) throw refused(field, `${field} is longer than ${MOST} characters`)
  // oxlint-disable-next-line no-control-regex
  if (/[\u0000-\u001f\u007f]/.test(value) || !value.isWellFormed())
    throw refused(field, `${field} holds a control character or half of a surrogate pair: leave it out`)
}

const refused = (field: string, message: string) => new FunnelError('INVALID', message, { field })
