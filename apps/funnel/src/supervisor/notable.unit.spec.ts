import { describe, expect, it } from '@jest/globals'
import { notable } from './notable.js'

describe('a line of a service’s log', () => {
  it('is told from warnings on, with its reason', () => {
    expect(notable('{"level":40,"msg":"trying again","reason":"no route"}', false)).toEqual({
      level: 'warn',
      text: 'trying again: no route',
    })
    expect(notable('{"level":50,"msg":"failed","err":{"message":"boom"}}', false)).toEqual({
      level: 'error',
      text: 'failed: boom',
    })
    expect(notable('{"level":30,"msg":"up"}', false)).toBeUndefined()
  })

  it('is an error when it is plain text on stderr, unless Node says it of itself', () => {
    expect(notable('ingest: The configuration has 1 mistake', true)).toEqual({
      level: 'error',
      text: 'ingest: The configuration has 1 mistake',
    })
    expect(notable('(node:7) DeprecationWarning: old', true)).toBeUndefined()
    expect(notable('hello', false)).toBeUndefined()
    expect(notable('{ not json', true)).toBeUndefined()
  })
})
