import { ServerInterceptingCall, type ServerInterceptor } from '@grpc/grpc-js'
import { FunnelError } from '@funnel/events'
import { toGrpcStatus } from '@funnel/query-api'
import { tokenMatches } from '../token.js'

const HEALTH = '/grpc.health.v1.Health/'

/**
 * Lets calls pass that carry the token (`authorization: Bearer …` or `x-funnel-token`), health checks, and calls of services
 * that ask for a credential of their own.
 */
export const tokenInterceptor =
  (token: string, ownKeys: readonly string[] = []): ServerInterceptor =>
  (method, call) =>
    method.path.startsWith(HEALTH) || ownKeys.some((service) => method.path.startsWith(`/${service}/`))
      ? new ServerInterceptingCall(call)
      : new ServerInterceptingCall(call, {
          start: (next) =>
            next({
              onReceiveMetadata: (metadata, pass) => {
                const sent = [...metadata.get('authorization'), ...metadata.get('x-funnel-token')]
                if (tokenMatches(token, ...sent.map(String))) pass(metadata)
                else
                  call.sendStatus(
                    toGrpcStatus(
                      new FunnelError('UNAUTHENTICATED', 'Send the admin token as metadata: authorization: Bearer …'),
                    ),
                  )
              },
            }),
        })
