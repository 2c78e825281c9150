import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { openCsv, type Dialect, type Line } from './csv.js'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'funnel-csv-'))
})
afterAll(() => rm(folder, { recursive: true }))

async function read(content: string | Buffer, dialect?: Dialect) {
  const path = join(folder, 'file.csv')
  await writeFile(path, content)
  const { header, lines } = await openCsv(path, dialect)
  const rows: Omit<Line, 'bytes'>[] = []
  for await (const { bytes: _, ...row } of lines) rows.push(row)
  return { header, rows }
}

describe('A CSV file', () => {
  it('is read with a BOM, CRLF, quotes and no line end at its end', async () => {
    expect(await read('\ufeffa,b\r\n1,"x, ""y"""\r\n3,4')).toEqual({
      header: ['a', 'b'],
      rows: [
        { line: 2, cells: ['1', 'x, "y"'] },
        { line: 3, cells: ['3', '4'] },
      ],
    })
  })
  it('ends its rows with any line end, also where the header has another: a return stuck to the last cell', async () => {
    const { rows } = await read('a,b\n1,x\r\n2,"y\r\nz"\r\n3,w\r4,v\n')
    expect(rows).toEqual([
      { line: 2, cells: ['1', 'x'] },
      { line: 3, cells: ['2', 'y\r\nz'] },
      { line: 5, cells: ['3', 'w'] },
      { line: 6, cells: ['4', 'v'] },
    ])
  })
  it('counts lines rightly after line breaks in cells and empty lines', async () => {
    const { rows } = await read('a,b\r\n1,"x\r\ny\r\nz"\r\n\r\n2,"p\nq"\r\n4,5\r\n')
    expect(rows.map(({ line, cells }) => [line, cells[0]])).toEqual([
      [2, '1'],
      [6, '2'],
      [8, '4'],
    ])
  })
  it('gives ragged rows with what is wrong with them and reads on', async () => {
    const { rows } = await read('a,b\n1\n2,3,4\n5,6\n')
    expect(rows.map(({ line, problem }) => [line, problem])).toEqual([
      [2, 'the row has 1 cells, the header 2'],
      [3, 'the row has 3 cells, the header 2'],
      [4, undefined],
    ])
  })
  it('may have other delimiters and encodings', async () => {
    const { rows } = await read(Buffer.from('a;b\nM\xfcller;1\n', 'latin1'), {
      delimiter: ';',
      encoding: 'windows-1252',
    })
    expect(rows[0]?.cells).toEqual(['Müller', '1'])
    const utf16 = await read(Buffer.from('\ufeffa\tb\n1\t2\n', 'utf16le'), { delimiter: '\t', encoding: 'utf-16le' })
    expect(utf16).toEqual({ header: ['a', 'b'], rows: [{ line: 2, cells: ['1', '2'] }] })
  })
  it('of many megabytes streams, with a character cut in two between chunks', async () => {
    const line = `${'ü'.repeat(333)},x\n`
    const { rows } = await read(`a,b\n${line.repeat(4_000)}`)
    expect(rows).toHaveLength(4_000)
    expect(rows.every(({ cells }) => cells[0] === 'ü'.repeat(333))).toBe(true)
  })
  it('may be left in the middle', async () => {
    const path = join(folder, 'long.csv')
    await writeFile(path, `a,b\n${'1,2\n'.repeat(500_000)}`)
    const { lines } = await openCsv(path)
    for await (const { line } of lines) if (line === 3) break
    expect(lines).toBeDefined()
  })
  it.each([
    ['a column name twice', 'id,x,id\n1,2,3\n', 'file.csv:1: the column "id" is there twice, as number 1 and 3'],
    ['an unclosed quote', 'a,b\n1,2\n3,"x\n4,5\n', 'file.csv:3: the row has an opening quote that is never closed'],
    ['a quote in a bare cell', 'a,b\n1,2\n3,x"y\n', 'file.csv:3: the row has a quote in the wrong place'],
    ['text after a quote', 'a,b\n"x"y,2\n', 'file.csv:2: the row has a quote in the wrong place'],
    ['bytes of another encoding', Buffer.from('a,b\nM\xfcller,1\n', 'latin1'), 'not utf-8; name the encoding'],
    ['nothing in it', '', 'file.csv: the file is empty'],
    ['an endless row', `a,b\n1,"${'x'.repeat(1_100_000)}`, 'file.csv:2: the row has an opening quote'],
  ])('with %s is refused with the place', async (_, content, message) => {
    await expect(read(content)).rejects.toThrow(message)
  })
  it('gives all rows before a broken one', async () => {
    const path = join(folder, 'broken.csv')
    await writeFile(path, 'a,b\n1,2\n3,4\n5,"x"y\n')
    const { lines } = await openCsv(path)
    const rows: number[] = []
    const reading = (async () => {
      for await (const { line } of lines) rows.push(line)
    })()
    await expect(reading).rejects.toThrow('broken.csv:4')
    expect(rows).toEqual([2, 3])
  })
  it('that is not there is named', async () => {
    await expect(openCsv(join(folder, 'no.csv'))).rejects.toMatchObject({
      code: 'INVALID',
      message: 'no.csv: there is no such file',
    })
  })
})
