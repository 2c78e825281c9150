import { setTimeout as sleep } from 'node:timers/promises'
import { createTransport } from 'nodemailer'
import { credentialsOf, isLoopback } from '../destinations/load.js'
import type { EmailDestination } from '../destinations/destination.js'
import { messageOf } from '../message.js'
import type { Notification } from '../notification.js'
import { failed, type Attempt } from './attempt.js'
import { TIMEOUT } from './http.js'

/**
 * Sends one mail in plain text; its Message-ID is made of the id of the notification. A password goes over TLS only, but
 * to this machine. Never rejects.
 */
export async function sendEmail(
  { server, from, to }: EmailDestination,
  notification: Notification,
  timeout = TIMEOUT,
): Promise<Attempt> {
  let transport: ReturnType<typeof transportTo> | undefined
  try {
    transport = transportTo(new URL(server), timeout)
    const { subject, text } = messageOf(notification)
    const sent = transport.sendMail({
      from,
      to,
      subject,
      messageId: `<${notification.id}@${from.split('@')[1]!}>`,
      text: `${text}\n\nevent ${notification.event}, ${new Date(notification.occurred).toISOString()}\n`,
    })
    // a server that says a word now and then would outlast the lease
    const { response } = await Promise.race([sent, sleep(3 * timeout, undefined, { ref: false }).then(tooLate)])
    return { ok: true, said: 'taken by the mail server', body: response }
  } catch (error) {
    return failed(error)
  } finally {
    transport?.close()
  }
}

const transportTo = (server: URL, timeout: number) =>
  createTransport({
    host: server.hostname.replace(/^\[|\]$/g, ''),
    port: Number(server.port) || (server.protocol === 'smtps:' ? 465 : 587),
    secure: server.protocol === 'smtps:',
    ...(server.username && { auth: credentialsOf(server) }),
    requireTLS: server.username !== '' && !isLoopback(server.hostname),
    connectionTimeout: timeout,
    greetingTimeout: timeout,
    socketTimeout: timeout,
    disableFileAccess: true,
    disableUrlAccess: true,
  })

const tooLate = (): never => {
  throw Object.assign(new Error('no answer in time'), { code: 'ETIMEDOUT' })
}
