import { ServerInterceptingCall, status, type ServerInterceptor } from '@grpc/grpc-js'
import { Histogram, type Registry } from 'prom-client'

/** Counts and times calls, as `<name>`, by method and code; methods that are not ours share one label. */
export function metricsInterceptor(registry: Registry, name: string, services: readonly string[]): ServerInterceptor {
  const seconds = new Histogram({
    name,
    help: 'Time from the first byte of a call to its status',
    labelNames: ['method', 'code'],
    buckets: [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10, 60],
    registers: [registry],
  })
  return ({ path }, call) => {
    const [, service = '', called = ''] = path.split('/')
    const method = services.includes(service) ? `${service.slice(service.lastIndexOf('.') + 1)}.${called}` : 'other'
    const stop = seconds.startTimer()
    return new ServerInterceptingCall(call, {
      sendStatus: (ending, next) => {
        stop({ method, code: status[ending.code] ?? String(ending.code) })
        next(ending)
      },
    })
  }
}
