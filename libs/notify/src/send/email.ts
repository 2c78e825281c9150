import { setTimeout as sleep } from 'node:timers/promises'
import { domainToASCII } from 'node:url'
import { createTransport, type SMTPSentMessageInfo, type Transporter } from 'nodemailer'
import { derivedId } from '@funnel/events'
import { credentialsOf, isLoopback } from '../destinations/load.js'
import type { EmailDestination } from '../destinations/destination.js'
import { messageOf } from '../message.js'
import type { Outgoing } from '../notification.js'
import { failed, type Attempt } from './attempt.js'
import { TIMEOUT } from './http.js'

/**
 * Sends one mail in plain text to the recipients that do not have it yet; its Message-ID is made of the id of the
 * notification. It fails if it is not taken for all of them, and tells who has it. A password goes over TLS only, but to
 * this machine. Never rejects.
 */
export async function sendEmail(
  { server, from, to }: EmailDestination,
  notification: Outgoing,
  timeout = TIMEOUT,
): Promise<Attempt> {
  const { id, taken = [] } = notification
  const left = to.filter((address) => !taken.includes(recipientId(id, address)))
  if (!left.length) return { ok: true, said: 'taken by the mail server' }
  let transport: Transporter<SMTPSentMessageInfo> | undefined
  try {
    transport = transportTo(new URL(server), timeout)
    const { subject, text } = messageOf(notification)
    const sent = transport.sendMail({
      from,
      to,
      envelope: { from, to: left },
      subject,
      messageId: `<${id}@${from.split('@')[1]!}>`,
      text: `${text}\n\nevent ${notification.event}, ${new Date(notification.occurred).toISOString()}\n`,
    })
    // a server that says a word now and then would outlast the lease
    const answer = await Promise.race([sent, sleep(3 * timeout, undefined, { ref: false }).then(tooLate)])
    const { response, accepted, rejected, rejectedErrors } = answer
    if (!rejected.length) return { ok: true, said: 'taken by the mail server', body: response }
    return {
      ok: false,
      said: `not taken for ${rejected.length} of ${to.length} recipients, answered ${rejectedErrors?.[0]?.responseCode}`,
      taken: [...taken, ...accepted.map((address) => recipientId(id, address))],
    }
  } catch (error) {
    return failed(error)
  } finally {
    transport?.close()
  }
}

/** Names a recipient without the address, however its domain is written. */
function recipientId(notification: string, address: string): string {
  const at = address.lastIndexOf('@') + 1
  const domain = address.slice(at)
  return derivedId('recipient', notification, address.slice(0, at), domainToASCII(domain) || domain)
}

const transportTo = (server: URL, timeout: number): Transporter<SMTPSentMessageInfo> =>
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
