import { describe, expect, it } from '@jest/globals'
import { assertClosed, ConfigError, loadConfig, ServiceConfig } from './config.js'

const minimal = { DATABASE_URL: 'postgresql://127.0.0.1/funnel' }
const mistakes = (env: Record<string, string>): string => {
  try {
    loadConfig(ServiceConfig, env)
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError)
    return (error as Error).message
  }
  throw new Error('no mistake was found')
}

describe('The configuration', () => {
  it('is read from variables named like its fields; empty ones count as absent', () => {
    const config = loadConfig(ServiceConfig, {
      ...minimal,
      PORT: '7070',
      FUNNEL_HOST: '',
      READ_DATABASE_URL: '',
      PATH: '/bin',
    })
    expect(config).toMatchObject({
      databaseUrl: minimal.DATABASE_URL,
      port: 7070,
      funnelHost: '127.0.0.1',
      logLevel: 'info',
    })
    expect(config.readDatabaseUrl).toBeUndefined()
  })

  it('names every mistake at once by its variable, and never a value', () => {
    const env = {
      DATABASE_URL: 'mysql://root:hunter2@db',
      READ_DATABASE_URL: 'postgres:/hunter3',
      KAFKA_BROKERS: 'hunter4',
      KAFKA_TOPIC_PREFIX: 'hunter 5',
      FUNNEL_TOKEN: 'hunter6',
      PORT: '70700',
      LOG_LEVEL: 'hunter7',
    }
    const message = mistakes(env)
    expect(message).toContain('7 mistakes')
    for (const variable of Object.keys(env)) expect(message).toMatch(new RegExp(`^  ${variable}: .+`, 'm'))
    expect(message).not.toMatch(/hunter|70700|undefined/)
  })

  it.each(['', '0x10', '1.5', '-1', '65536', 'NaN', 'http'])(
    'does not take %j for a port unless it is absent',
    (port) => {
      if (port === '') expect(loadConfig(ServiceConfig, { ...minimal, PORT: port }).port).toBe(0)
      else expect(mistakes({ ...minimal, PORT: port })).toContain('PORT')
    },
  )

  it('says what is missing', () => {
    expect(mistakes({})).toContain('DATABASE_URL')
  })
})

describe('A service', () => {
  const at = (funnelHost: string, funnelToken?: string) =>
    Object.assign(new ServiceConfig(), { funnelHost, ...(funnelToken && { funnelToken }) })

  it.each(['127.0.0.1', '127.8.9.10', '::1', 'localhost'])('listens on %s without a token', (host) => {
    expect(() => assertClosed(at(host))).not.toThrow()
  })

  it.each(['0.0.0.0', '::', '10.0.0.1', 'example.com', '127.0.0.1.example.com', 'localhost.example.com', ''])(
    'does not listen on %j without one',
    (host) => {
      expect(() => assertClosed(at(host))).toThrow(ConfigError)
      expect(() => assertClosed(at(host, 'a-token-of-sixteen-or-more'))).not.toThrow()
    },
  )
})
