import { describe, expect, it } from '@jest/globals'
import { table, widthOf } from './table.js'

describe('a table', () => {
  it('aligns its columns, numbers at the right', () => {
    expect(
      table(
        [{ title: 'channel' }, { title: 'leads', right: true }, { title: '' }],
        [
          ['email', '12', ''],
          ['organic_search', '1,234', 'many'],
        ],
      ),
    ).toBe(['channel         leads', 'email              12', 'organic_search  1,234  many'].join('\n'))
  })

  it('measures what is seen: no colour codes, one place for a letter', () => {
    expect(widthOf('\u001B[32mready\u001B[39m')).toBe(5)
    expect(widthOf('é')).toBe(1)
    expect(widthOf('€ — …')).toBe(5)
  })
})
