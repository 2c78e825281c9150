import { EventEmitter } from 'node:events'
import { afterEach, describe, expect, it, jest } from '@jest/globals'
import { leaveWithReader } from './print.js'

describe('a command whose output nobody reads any more', () => {
  const stop = () => undefined
  afterEach(() => void process.removeListener('SIGHUP', stop))

  const lose = (code: string, isTTY = code === 'EIO') => {
    const stdout = Object.assign(new EventEmitter(), { isTTY })
    const exit = jest.fn<(code: number) => void>()
    leaveWithReader(stdout, exit)
    stdout.emit('error', Object.assign(new Error(code), { code }))
    return exit
  }

  it('ends without a failure, whether the reader left or the terminal was closed', () => {
    for (const code of ['EPIPE', 'EIO']) expect(lose(code)).toHaveBeenCalledWith(0)
    expect(() => lose('ENOSPC')).toThrow('ENOSPC')
    expect(() => lose('EIO', false)).toThrow('EIO')
  })

  it('goes on where it stops in order when the terminal is closed', () => {
    process.on('SIGHUP', stop)
    for (const code of ['EPIPE', 'EIO']) expect(lose(code)).not.toHaveBeenCalled()
    expect(() => lose('ENOSPC')).toThrow('ENOSPC')
  })
})
