import { describe, expect, it } from '@jest/globals'
import { isZone, parseTime } from './time.js'

describe('A time in a cell', () => {
  it.each([
    ['2018-02-26 19:58:54', 'UTC', undefined, '2018-02-26T19:58:54.000Z'],
    ['2018-02-26', 'UTC', undefined, '2018-02-26T00:00:00.000Z'],
    ['2018-02-26', 'America/Sao_Paulo', undefined, '2018-02-26T03:00:00.000Z'],
    ['2018-02-26T10:00:00+02:00', 'America/Sao_Paulo', undefined, '2018-02-26T08:00:00.000Z'],
    ['26.02.2018 07:05', 'Europe/Berlin', 'dd.MM.yyyy HH:mm', '2018-02-26T06:05:00.000Z'],
    ['2/6/2018 1:05 PM', 'UTC', 'M/d/yyyy h:mm a', '2018-02-06T13:05:00.000Z'],
    ['1519675134', 'UTC', 'X', '2018-02-26T19:58:54.000Z'],
    ['  2018-02-26  ', 'UTC', undefined, '2018-02-26T00:00:00.000Z'],
  ])('%s in %s is read', (text, zone, format, iso) => {
    expect(parseTime(text, zone, format)).toBe(iso)
  })
  it('that a clock change leaves out moves on by the length of the change', () => {
    expect(parseTime('2026-03-29 02:30', 'Europe/Berlin')).toBe('2026-03-29T01:30:00.000Z')
  })
  it.each(['2018-02-30', '26.02.2018', '2018', '2018123', '1519675134', 'soon', ''])('%s is refused', (text) => {
    expect(() => parseTime(text, 'UTC')).toThrow('is not a time of ISO 8601')
  })
  it('that does not fit the format is refused', () => {
    expect(() => parseTime('2018-02-26', 'UTC', 'dd.MM.yyyy')).toThrow('of the format "dd.MM.yyyy"')
  })
  it('needs a zone there is', () => {
    expect(isZone('Europe/Berlin')).toBe(true)
    expect(isZone('Mars/Olympus')).toBe(false)
  })
})
