import { Controller, Get, Inject, Module, type OnModuleDestroy } from '@nestjs/common'
import { afterEach, describe, expect, it } from '@jest/globals'
import { FunnelError } from '@funnel/events'
import { ConfigError, ServiceConfig } from './config.js'
import { Health } from './health.js'
import { startService, type Service } from './service.js'

const seen: boolean[] = []

@Controller()
class Probe {
  @Get('busy')
  busy(): void {
    throw new FunnelError('OVERLOADED', 'too much at once', { retryAfter: 3 })
  }
  @Get('bug')
  bug(): void {
    throw new TypeError('secret')
  }
  @Get('slow')
  async slow(): Promise<string> {
    await new Promise((resolve) => setTimeout(resolve, 300))
    return 'done'
  }
}

@Module({ controllers: [Probe] })
class ProbeModule implements OnModuleDestroy {
  constructor(@Inject(Health) private readonly health: Health) {}
  onModuleDestroy(): void {
    seen.push(this.health.readiness().ok)
  }
}

let service: Service | undefined
afterEach(async () => {
  await service?.close()
  service = undefined
})
const start = async (settings: Partial<ServiceConfig> = {}): Promise<Service> => {
  const config = Object.assign(new ServiceConfig(), { logLevel: 'silent', funnelWorkspace: 'mine', ...settings })
  service = await startService({ name: 'probe', config, module: ProbeModule, ownKeys: (path) => path === '/busy' })
  return service
}

describe('A service', () => {
  it('says how it is and what it counts', async () => {
    const { url, app } = await start()
    expect(await (await fetch(`${url}/health/live`)).json()).toEqual({ status: 'live', workspace: 'mine', why: {} })
    app.get(Health).ready('store', () => 'cannot be reached')
    app.get(Health).note('keys', () => 'one runs out tomorrow')
    const ready = await fetch(`${url}/health/ready`)
    expect([ready.status, await ready.json()]).toEqual([
      503,
      {
        status: 'unready',
        workspace: 'mine',
        why: { store: 'cannot be reached' },
        notes: { keys: 'one runs out tomorrow' },
      },
    ])
    const metrics = await fetch(`${url}/metrics`)
    expect(metrics.headers.get('content-type')).toContain('text/plain')
    expect(await metrics.text()).toMatch(/process_cpu_seconds_total\{service="probe"\} \d/)
  })

  it('tells errors as problems', async () => {
    const { url } = await start()
    const busy = await fetch(`${url}/busy`)
    expect([busy.status, busy.headers.get('retry-after'), busy.headers.get('content-type')]).toEqual([
      429,
      '3',
      'application/problem+json; charset=utf-8',
    ])
    expect(await busy.json()).toMatchObject({ code: 'OVERLOADED', detail: 'too much at once', retryAfter: 3 })
    const bug = await (await fetch(`${url}/bug`)).text()
    expect(bug).toContain('INTERNAL')
    expect(bug).not.toContain('secret')
    expect(await (await fetch(`${url}/nowhere`)).json()).toMatchObject({ code: 'NOT_FOUND', status: 404 })
  })

  it('with a token is closed but for health and for what asks for keys of its own', async () => {
    const token = 'a-token-of-sixteen-or-more'
    const { url } = await start({ funnelToken: token })
    const status = async (path: string, headers: Record<string, string> = {}) =>
      (await fetch(`${url}${path}`, { headers })).status
    expect(await status('/health/ready')).toBe(200)
    expect(await status('/busy')).toBe(429)
    expect(await status('/busy?now')).toBe(429)
    for (const path of ['/metrics', '/bug', '/nowhere', '/busy/', '/health/live/x'])
      expect(await status(path)).toBe(401)
    expect(await status('/metrics', { authorization: 'Bearer wrong' })).toBe(401)
    expect(await status('/metrics', { authorization: `Bearer ${token}` })).toBe(200)
    expect(await status('/metrics', { 'x-funnel-token': token })).toBe(200)
  })

  it('does not start where others can reach it without a token', async () => {
    await expect(start({ funnelHost: '0.0.0.0' })).rejects.toBeInstanceOf(ConfigError)
  })

  it('is unready before it stops, finishes what is under way, and takes nothing new', async () => {
    const started = await start()
    const { url } = started
    const slow = fetch(`${url}/slow`)
    await new Promise((resolve) => setTimeout(resolve, 100))
    seen.length = 0
    const [answer] = await Promise.all([slow, started.close(), started.close()])
    expect(await answer.text()).toBe('done')
    expect(seen).toEqual([false])
    await expect(fetch(`${url}/health/live`)).rejects.toThrow()
  })
})
