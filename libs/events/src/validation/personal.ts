/** Words that name personal data or a secret when they are the whole of a property's name. */
const WHOLE = words(`
  address birthday birthdate card cc cvc cvv cvv2 dob email emails fax firstname forename fullname iban ip ipaddress
  lastname mail maidenname middlename nationalid passport password passwd passphrase phone phonenumber pin pwd secret
  ssn surname taxid tel telephone token`)

/** The same when they end a name: `contact_email`, `billingAddress`, `work phone`. */
const ENDING = words(`
  address apikey accesstoken authtoken refreshtoken bankaccount birthdate birthday cardnumber cardno creditcard
  debitcard cvc cvv contactname dateofbirth email emailaddress familyname firstname fullname givenname iban ipaddress
  lastname maidenname middlename mobilenumber nationalid passport passportnumber password passwd personname phone
  phonenumber postaladdress pwd secret socialsecuritynumber ssn streetaddress surname taxid telephone`)

function words(text: string): ReadonlySet<string> {
  return new Set(text.trim().split(/\s+/))
}

const known = new Map<string, boolean>()
const REMEMBERED = 10_000

/** Whether a property of this name would hold personal data or a secret, however it is written: `eMail`, `first-name`. */
export function isPersonalName(name: string): boolean {
  let personal = known.get(name)
  if (personal === undefined) {
    personal = judge(name)
    if (known.size >= REMEMBERED) known.clear()
    known.set(name, personal)
  }
  return personal
}

function judge(name: string): boolean {
  const parts = name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/([A-Z]+)([A-Z][a-z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter(Boolean)
  if (WHOLE.has(parts.join(''))) return true
  return parts.some((_, from) => ENDING.has(parts.slice(from).join('')))
}

/** Whether a value is, as a whole, an e-mail address. */
export const isEmail = (value: unknown): boolean =>
  typeof value === 'string' && value.includes('@') && /^[^\s@/]+@[^\s@./]+(\.[^\s@./]+)+$/.test(value)

/** Whether a text is an e-mail address with nothing around it but space or a name: `Ann <ann@example.com>`. */
export const tellsEmail = (text: unknown): boolean =>
  typeof text === 'string' && text.includes('@') && isEmail((/<([^<>]*)>\s*$/.exec(text)?.[1] ?? text).trim())

/** What to tell a sender who put personal data into an event. */
export const personalAdvice =
  "send the person's id instead: personal data belongs in the vault, never in an event; e-mail, phone and names may come beside data, as personal"
