import { readFileSync } from 'node:fs'
import { describe, expect, it } from '@jest/globals'
import { parse } from 'yaml'
import { asyncApi } from './asyncapi.js'
import { catalogue } from './catalogue.js'

describe('The AsyncAPI document', () => {
  const committed = readFileSync(new URL('../asyncapi.yaml', import.meta.url), 'utf8')

  it('is up to date with the catalogue: build and run node libs/events/generate.mjs when this fails', () => {
    expect(parse(committed)).toEqual(parse(asyncApi()))
  })

  it('has a message for every version of every type, each in one channel, and no dangling reference', () => {
    const document = parse(committed) as {
      channels: Record<string, { messages: Record<string, { $ref: string }> }>
      components: { messages: Record<string, { title: string }> }
    }
    const { messages } = document.components
    expect(Object.values(messages).map(({ title }) => title)).toEqual(
      catalogue.flatMap(({ name, version }) => Array.from({ length: version }, (_, i) => `${name}:${i + 1}`)),
    )
    const referred = Object.values(document.channels).flatMap((channel) => Object.keys(channel.messages))
    expect(referred.sort()).toEqual(Object.keys(messages).sort())
    for (const [, path] of committed.matchAll(/\$ref: ["']?#\/([^\s"']+)/g)) {
      const found = path!.split('/').reduce<unknown>((at, key) => (at as Record<string, unknown>)[key], document)
      expect([path, typeof found]).toEqual([path, 'object'])
    }
  })
})
