import { describe, expect, it } from '@jest/globals'
import { portsOf, workspaceName } from './options.js'

describe('the flags of up', () => {
  it('give every part its port from the base on, but for those that are named', () => {
    expect(portsOf({})).toEqual({
      ingest: 7070,
      query: 7071,
      relay: 7072,
      projector: 7073,
      queryOps: 7074,
      postgres: 7075,
      kafka: 7076,
      automation: 7077,
      ingestGrpc: 7078,
      slaMonitor: 7079,
      notifier: 7080,
    })
    expect(portsOf({ portBase: '9000', queryPort: '50051' })).toMatchObject({
      ingest: 9000,
      query: 50_051,
      relay: 9002,
    })
  })

  it.each(['0', '65536', '-1', '7070.5', 'http', ''])('refuse the port %j', (portBase) => {
    expect(() => portsOf({ portBase })).toThrow(/is no port/)
  })

  it('refuse one port for two parts', () => {
    expect(() => portsOf({ ingestPort: '7071' })).toThrow(
      'port 7071 is meant for both ingest, HTTP and query, gRPC: change --ingest-port or --query-port',
    )
  })

  it('mean the workspace demo, unless one is named or the database is the user’s own', () => {
    expect(workspaceName({}, {})).toBe('demo')
    expect(workspaceName({ workspace: 'mine' }, { FUNNEL_WORKSPACE: 'other' })).toBe('mine')
    expect(workspaceName({}, { FUNNEL_WORKSPACE: 'other' })).toBe('other')
    expect(workspaceName({}, { DATABASE_URL: 'postgresql://db' })).toBe('default')
    expect(workspaceName({ demo: true }, { DATABASE_URL: 'postgresql://db' })).toBe('demo')
  })
})
