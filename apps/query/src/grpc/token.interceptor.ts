import { ServerInterceptingCall, type ServerInterceptor } from '@grpc/grpc-js'
import { FunnelError } from '@funnel/events'
import { tokenMatches } from '@funnel/platform'
import { toGrpcStatus } from '@funnel/query-api'

const HEALTH = '/grpc.health.v1.Health/'

/** Lets calls pass that carry the token (`authorization: Bearer …` or `x-funnel-token`), and health checks. */
export const tokenInterceptor =
  (token: string): ServerInterceptor =>
  (method, call) =>
    method.path.startsWith(HEALTH)
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
