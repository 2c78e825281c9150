import { describe, expect, it } from '@jest/globals'
import { compileTemplate, slug } from './template.js'

const render = (source: string, row: Record<string, string | undefined>) => compileTemplate(source).text(row)

describe('A template', () => {
  it('puts columns into text', () => {
    expect(render('deal-{{ id }}/{{ part }}', { id: '7', part: 'a' })).toBe('deal-7/a')
  })
  it('takes column names with spaces, dots and other letters', () => {
    expect(render('{{ Größe (cm) }}{{ team.name }}', { 'Größe (cm)': '4', 'team.name': 'x' })).toBe('4x')
  })
  it('keeps an empty cell as the empty text, unless nonempty makes it missing', () => {
    expect(render('{{ origin }}', { origin: '' })).toBe('')
    expect(render('{{ origin | nonempty }}', { origin: '' })).toBeUndefined()
  })
  it('is missing as a whole when one of its columns is missing', () => {
    expect(render('{{ a }} and {{ b }}', { a: '1', b: undefined })).toBeUndefined()
  })
  it('applies functions from left to right', () => {
    expect(render('{{ a | trim | upper }}', { a: ' xy ' })).toBe('XY')
    expect(render('{{ a | trim | nonempty | default("none, really") }}', { a: '  ' })).toBe('none, really')
    expect(render('{{ a | lower }}', { a: 'ÄB' })).toBe('äb')
    expect(render('{{ a | slug }}', { a: 'São Paulo (BR)' })).toBe('sao-paulo-br')
  })
  it('does not read braces that come from the data', () => {
    expect(render('{{ a }}', { a: '{{ b }}', b: 'no' })).toBe('{{ b }}')
  })
  it('names the columns it reads', () => {
    expect(compileTemplate('{{ a }}{{ b | trim }}').columns).toEqual(['a', 'b'])
  })
  it.each([
    ['{{ a | shout }}', 'no function'],
    ['{{ a | toString }}', 'no function'],
    ['{{ a | default }}', 'default("…")'],
    ['{{ a | trim("x") }}', 'no argument'],
    ['{{ }}', 'names no column'],
    ['a {{ b', 'without its partner'],
    ['a }} b', 'without its partner'],
  ])('refuses %s', (source, message) => {
    expect(() => compileTemplate(source)).toThrow(message)
  })
})

describe('slug', () => {
  it('leaves letters and digits, joined by single hyphens', () => {
    expect(slug('--Hello,  World! 2 --')).toBe('hello-world-2')
    expect(slug('Żółć')).toBe('zołc')
    expect(slug('!!')).toBe('')
  })
})
