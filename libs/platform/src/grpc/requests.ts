import { isUtf8 } from 'node:buffer'
import { createFileRegistry, fromBinary, ScalarType, type DescField, type DescMessage } from '@bufbuild/protobuf'
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire'
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt'
import { FunnelError } from '@funnel/events'
import { descriptorSet } from '@funnel/query-api'

const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, descriptorSet))

/**
 * Reads the requests of a method, given by its path: `read` makes messages of what may reach a handler. A text that no
 * database holds, a number that JavaScript does not, and bytes that are no request are INVALID, with the field where there
 * is one: the handler gets a request that throws this as soon as it is looked at. (What is thrown here would end as INTERNAL.)
 */
export function readerOf(path: string, read: (bytes: Buffer) => object): (bytes: Buffer) => object {
  const [, service = '', called = ''] = path.split('/')
  const schema = registry.getService(service)?.methods.find(({ name }) => name === called)?.input
  if (!schema) throw new TypeError(`there is no method ${path} in the .proto files`)
  return (bytes) => {
    try {
      if (!isPlain(bytes)) check(new BinaryReader(bytes), schema, bytes.length, '')
      return read(bytes)
    } catch (error) {
      if (error instanceof FunnelError) return throwing(error)
      const message = `The request is no ${schema.typeName}: encode it by the .proto files`
      return throwing(new FunnelError('INVALID', message, {}, error))
    }
  }
}

const throwing = (error: FunnelError): object =>
  new Proxy(
    {},
    {
      get() {
        throw error
      },
    },
  )

/** Whether nothing in these bytes can be wrong: no NUL, no other letters than those of ASCII, and no large number. */
const isPlain = (bytes: Uint8Array): boolean => bytes.every((byte) => byte !== 0 && byte < 0x80)

/** Looks through an encoded message, which is at `at` of the request. Throws INVALID, or what the reader throws. */
function check(reader: BinaryReader, schema: DescMessage, length: number, at: string): void {
  let [last, index] = [0, 0]
  for (const end = reader.pos + length; reader.pos < end;) {
    const [number, wire] = reader.tag()
    // the elements of a list come one after the other
    index = number === last ? index + 1 : 0
    last = number
    const field = fieldsOf(schema).get(number)
    const path = () => pathOf(schema, field!, index, at)
    // no question has a map; commands look at theirs themselves
    if (!field || field.fieldKind === 'map') reader.skip(wire, number)
    else if (field.message && wire === WireType.LengthDelimited) check(reader, field.message, reader.uint32(), path())
    else if (field.scalar === ScalarType.STRING && wire === WireType.LengthDelimited) checkText(reader.bytes(), path)
    else if (field.scalar === ScalarType.INT64 && wire === WireType.Varint) checkNumber(reader.int64(), path)
    else reader.skip(wire, number)
  }
}

const known = new WeakMap<DescMessage, ReadonlyMap<number, DescField>>()

function fieldsOf(schema: DescMessage): ReadonlyMap<number, DescField> {
  let fields = known.get(schema)
  if (!fields) known.set(schema, (fields = new Map(schema.fields.map((field) => [field.number, field]))))
  return fields
}

/** How a field is named in errors. A time is named as one, not its parts. */
function pathOf({ typeName }: DescMessage, { name, fieldKind }: DescField, index: number, at: string): string {
  if (typeName === 'google.protobuf.Timestamp') return at
  return `${at && `${at}.`}${name}${fieldKind === 'list' ? `[${index}]` : ''}`
}

function checkText(bytes: Uint8Array, field: () => string): void {
  if (bytes.includes(0))
    throw refused(field(), String.raw`holds the character \u0000, which no text here can hold: leave it out`)
  if (!isUtf8(bytes)) throw refused(field(), 'is no text: send UTF-8')
}

function checkNumber(value: bigint | string, field: () => string): void {
  if (!Number.isSafeInteger(Number(value)))
    throw refused(field(), `is ${value}, beyond ±9007199254740991, which no time and no number here is`)
}

const refused = (field: string, what: string) => new FunnelError('INVALID', `${field} ${what}`, { field })
