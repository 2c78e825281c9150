import { createFileRegistry, fromBinary, ScalarType, type DescField, type DescMessage } from '@bufbuild/protobuf'
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire'
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt'
import { ServerInterceptingCall, type ServerInterceptor } from '@grpc/grpc-js'
import { FunnelError } from '@funnel/events'
import { descriptorSet, toGrpcStatus } from '@funnel/query-api'

const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, descriptorSet))

/** Stands for a request that cannot be answered whatever the handler does. */
class Refused {
  constructor(readonly error: FunnelError) {}
}

/**
 * Reads the requests of a method, given by its path: `read` makes messages of what may reach a handler. A text that no
 * database holds and a number that JavaScript does not are refused with their field, see `refusing`.
 */
export function readerOf<T>(path: string, read: (bytes: Buffer) => T): (bytes: Buffer) => T | Refused {
  const [, service = '', called = ''] = path.split('/')
  const schema = registry.getService(service)?.methods.find(({ name }) => name === called)?.input
  if (!schema) throw new TypeError(`there is no method ${path} in the .proto files`)
  return (bytes) => {
    try {
      check(new BinaryReader(bytes), schema, bytes.length, '')
      return read(bytes)
    } catch (error) {
      if (error instanceof FunnelError) return new Refused(error)
      const message = `The request is no ${schema.typeName}: encode it by the .proto files`
      return new Refused(new FunnelError('INVALID', message, {}, error))
    }
  }
}

/** Ends calls with what is wrong with their request, where that was refused. */
export const refusing: ServerInterceptor = (_, call) =>
  new ServerInterceptingCall(call, {
    start: (next) =>
      next({
        onReceiveMessage: (message: unknown, pass) => {
          if (message instanceof Refused) call.sendStatus(toGrpcStatus(message.error))
          else pass(message)
        },
      }),
  })

/** Looks through an encoded message, which is at `at` of the request. Throws INVALID, or what the reader throws. */
function check(reader: BinaryReader, schema: DescMessage, length: number, at: string): void {
  const met = new Map<number, number>()
  for (const end = reader.pos + length; reader.pos < end;) {
    const [number, wire] = reader.tag()
    const index = met.get(number) ?? 0
    met.set(number, index + 1)
    const field = schema.fields.find((one) => one.number === number)
    const path = field && pathOf(schema, field, index, at)
    // no question has a map; commands look at theirs themselves
    if (!field || field.fieldKind === 'map' || path === undefined) reader.skip(wire, number)
    else if (field.message && wire === WireType.LengthDelimited) check(reader, field.message, reader.uint32(), path)
    else if (field.scalar === ScalarType.STRING && wire === WireType.LengthDelimited) checkText(reader.bytes(), path)
    else if (field.scalar === ScalarType.INT64 && wire === WireType.Varint) checkNumber(reader.int64(), path)
    else reader.skip(wire, number)
  }
}

/** How a field is named in errors. A time is named as one, not its parts. */
function pathOf({ typeName }: DescMessage, { name, fieldKind }: DescField, index: number, at: string): string {
  if (typeName === 'google.protobuf.Timestamp') return at
  return `${at && `${at}.`}${name}${fieldKind === 'list' ? `[${index}]` : ''}`
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

function checkText(bytes: Uint8Array, field: string): void {
  if (bytes.includes(0))
    throw refused(field, String.raw`holds the character \u0000, which no text here can hold: leave it out`)
  try {
    utf8.decode(bytes)
  } catch {
    throw refused(field, 'is no text: send UTF-8')
  }
}

function checkNumber(value: bigint | string, field: string): void {
  if (!Number.isSafeInteger(Number(value)))
    throw refused(field, `is ${value}, beyond ±9007199254740991, which no time and no number here is`)
}

const refused = (field: string, what: string) => new FunnelError('INVALID', `${field} ${what}`, { field })
