import { connect } from 'node:net'

/** One HTTP/2 connection for one unary gRPC method. */
export interface GrpcConnection {
  /** The answer's message. Throws unless there is one, and the status is OK. */
  call(message: Uint8Array): Promise<Buffer>
  close(): void
}

interface Call {
  readonly parts: Buffer[]
  readonly resolve: (message: Buffer) => void
  readonly reject: (error: Error) => void
}

/** Types of frames, of RFC 9113. */
const [DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE] = [0, 1, 3, 4, 6, 7, 8]
const [END_STREAM, ACK, END_HEADERS] = [0x1, 0x1, 0x4]
const HEAD = 9
/** Bytes before a message of gRPC: whether it is compressed, and its length. */
const PREFIX = 5
const MOST = 2 ** 31 - 1
/** What either side may send at first. */
const WINDOW = 65_535
const [HEADER_TABLE_SIZE, MAX_CONCURRENT_STREAMS, INITIAL_WINDOW_SIZE] = [1, 3, 4]
/** Bytes of one setting: its number, and its value. */
const SETTING = 6
/** `grpc-status: 0` as nghttp2 writes it where no headers are remembered: the name in the code of RFC 7541. */
const OK = Buffer.from('889acac8b21234da8f0130', 'hex')

/**
 * HTTP/2 with prior knowledge and no more of it than one method needs, since a driver must cost less than what it drives: a
 * call through node:http2 takes the driver about as much as the server. Headers of answers are not decoded: the server is told
 * to remember none, so the status is always written alike.
 */
export function grpcConnection(host: string, port: number, path: string): GrpcConnection {
  const socket = connect({ host, port, noDelay: true })
  const headers = headerBlock(path, `${host}:${port}`)
  const calls = new Map<number, Call>()
  const held: { readonly bytes: Buffer; readonly data: number }[] = []
  let [stream, window, taken, open, most, rest] = [1, WINDOW, 0, 0, MOST, Buffer.alloc(0)]
  let failure: Error | undefined

  const fail = (error: Error) => {
    failure ??= error
    for (const { reject } of calls.values()) reject(failure)
    calls.clear()
  }
  const send = (bytes: Buffer) => {
    if (!socket.writableCorked) {
      socket.cork() // what is sent in one turn goes at once
      process.nextTick(() => socket.uncork())
    }
    socket.write(bytes)
  }
  /** The requests that the server has room for. */
  const release = () => {
    for (let next; (next = held[0]) && next.data <= window && open < most; held.shift()) {
      window -= next.data
      open++
      send(next.bytes)
    }
  }
  const end = (id: number, outcome: (call: Call) => void) => {
    const call = calls.get(id)
    if (!call) return
    calls.delete(id)
    open--
    release()
    outcome(call)
  }
  const received = (type: number, flags: number, id: number, payload: Buffer) => {
    if (type === DATA) {
      calls.get(id)?.parts.push(payload)
      taken += payload.length
      if (taken > MOST / 2) {
        send(frame(WINDOW_UPDATE, 0, 0, int32(taken)))
        taken = 0
      }
    } else if (type === WINDOW_UPDATE && id === 0) {
      window += payload.readUInt32BE()
      release()
    } else if (type === SETTINGS && !(flags & ACK)) {
      for (let at = 0; at < payload.length; at += SETTING)
        if (payload.readUInt16BE(at) === MAX_CONCURRENT_STREAMS) most = payload.readUInt32BE(at + 2)
      send(frame(SETTINGS, ACK, 0, Buffer.alloc(0)))
      release()
    } else if (type === PING && !(flags & ACK)) send(frame(PING, ACK, 0, payload))
    else if (type === RST_STREAM)
      end(id, ({ reject }) => reject(new Error(`${path} was reset with code ${payload.readUInt32BE()}`)))
    else if (type === GOAWAY) fail(new Error(`the server of ${path} goes away`))
    if ((type === DATA || type === HEADERS) && flags & END_STREAM)
      end(id, ({ parts, resolve, reject }) => {
        if (!parts.length || type !== HEADERS || !payload.includes(OK))
          reject(new Error(`${path} ended without an answer and the status OK`))
        else resolve(Buffer.concat(parts).subarray(PREFIX))
      })
  }

  socket.on('data', (chunk) => {
    const bytes = rest.length ? Buffer.concat([rest, chunk]) : chunk
    let at = 0
    while (bytes.length - at >= HEAD) {
      const until = at + HEAD + bytes.readUIntBE(at, 3)
      if (until > bytes.length) break
      received(bytes[at + 3]!, bytes[at + 4]!, bytes.readUInt32BE(at + 5), bytes.subarray(at + HEAD, until))
      at = until
    }
    rest = bytes.subarray(at)
  })
  socket.on('error', fail)
  socket.on('close', () => fail(new Error(`the connection to ${host}:${port} has ended`)))
  const settings = Buffer.concat([setting(HEADER_TABLE_SIZE, 0), setting(INITIAL_WINDOW_SIZE, MOST)])
  send(Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1'))
  send(frame(SETTINGS, 0, 0, settings))
  send(frame(WINDOW_UPDATE, 0, 0, int32(MOST - WINDOW)))

  return {
    call: (message) =>
      new Promise((resolve, reject) => {
        if (failure) return reject(failure)
        const data = Buffer.alloc(PREFIX + message.length)
        data.writeUInt32BE(message.length, 1)
        data.set(message, PREFIX)
        calls.set(stream, { parts: [], resolve, reject })
        const bytes = Buffer.concat([
          frame(HEADERS, END_HEADERS, stream, headers),
          frame(DATA, END_STREAM, stream, data),
        ])
        held.push({ bytes, data: data.length })
        stream += 2
        release()
      }),
    close: () => socket.destroy(),
  }
}

function frame(type: number, flags: number, stream: number, payload: Buffer): Buffer {
  const bytes = Buffer.alloc(HEAD + payload.length)
  bytes.writeUIntBE(payload.length, 0, 3)
  bytes[3] = type
  bytes[4] = flags
  bytes.writeUInt32BE(stream, 5)
  bytes.set(payload, HEAD)
  return bytes
}

function setting(name: number, value: number): Buffer {
  return Buffer.concat([Buffer.from([0, name]), int32(value)])
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

/** The headers of a request: literals that no table remembers, of RFC 7541. */
function headerBlock(path: string, authority: string): Buffer {
  const headers = {
    ':method': 'POST',
    ':scheme': 'http',
    ':path': path,
    ':authority': authority,
    'content-type': 'application/grpc',
    te: 'trailers',
  }
  const text = (value: string) => {
    const bytes = Buffer.from(value, 'latin1')
    if (bytes.length > 126) throw new RangeError(`${value} is too long for a header here`)
    return Buffer.concat([Buffer.from([bytes.length]), bytes])
  }
  return Buffer.concat(Object.entries(headers).flatMap(([name, value]) => [Buffer.from([0]), text(name), text(value)]))
}
