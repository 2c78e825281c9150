import { describe, expect, it } from '@jest/globals'
import type { Command } from 'commander'
import { FunnelError } from '@funnel/events'
import { reportFailure } from './cli/exit.js'
import { createProgram } from './program.js'

/** A command and all below it, with the words that call them. */
const all = (command: Command, words: readonly string[] = []): (readonly [string, Command])[] => [
  [words.join(' '), command],
  ...command.commands.flatMap((child) => all(child, [...words, child.name()])),
]

const program = await createProgram(['import'])

describe('the help', () => {
  it.each(all(program).filter(([, { commands }]) => !commands.length))('of %s has an example', (words, command) => {
    let help = ''
    command.configureOutput({ writeOut: (text) => (help += text) })
    command.outputHelp()
    const [, examples] = help.split('\nExamples:\n')
    expect(examples).toMatch(new RegExp(`^ .*(npm start|funnel ${words})`, 'm'))
  })

  it('of the program says where to begin and what the exit codes mean', () => {
    let help = ''
    program.configureOutput({ writeOut: (text) => (help += text) })
    program.outputHelp()
    expect(help).toMatch(/Start here: npm start/)
    expect(help).toMatch(/Exit codes: 0 done, 1 failed, 2 wrong command line/)
  })
})

describe('a wrong command line', () => {
  const wrong = [
    ['kpi'],
    ['kpi', 'leads', '--nonsense'],
    ['nonsense'],
    [],
    ['config'],
    ['explain', 'leads', '--limit', '0'],
    ['explain', 'leads', '--side', 'left'],
    ['tail', '--last', 'abc'],
    ['tail', '--last', '-1'],
    ['import', 'leads.csv'],
  ]
  /** What comes out of it on stderr. */
  const run = async (args: readonly string[]) => {
    let told = ''
    const write = (text: string) => void (told += text)
    const stderr = { write } as unknown as NodeJS.WriteStream
    const json = args.includes('--json')
    const made = await createProgram(args)
    if (!json) for (const [, command] of all(made)) command.configureOutput({ writeErr: write })
    const code = await made.parseAsync([...args], { from: 'user' }).then(
      () => 0,
      (error: unknown) => reportFailure(error, json, stderr),
    )
    return { code, told }
  }

  it.each(wrong.map((args) => [args.join(' '), args] as const))(
    'such as funnel %s ends with 2, told as JSON where JSON was asked for',
    async (_, args) => {
      const { code, told } = await run(args)
      expect([code, told]).toEqual([2, expect.stringMatching(/^(error:|Usage:)/)])
      const json = await run([...args, '--json'])
      expect(json.code).toBe(2)
      expect(JSON.parse(json.told)).toEqual({
        error: { code: 'INVALID', message: expect.stringMatching(/./), details: {} },
      })
    },
  )

  it.each([
    ['NOT_FOUND', 'question.kpi', 2],
    ['NOT_FOUND', 'page_token', 1],
    ['CONFLICT', 'question.kpi', 1],
  ] as const)('is one that asks for what there is not: %s of %s ends with %i', (code, field, exit) => {
    const stderr = { write: () => true } as unknown as NodeJS.WriteStream
    expect(reportFailure(new FunnelError(code, 'no', { field }), true, stderr)).toBe(exit)
  })

  it('is none where PostgreSQL does not answer: that ends with 4 and is told by name', () => {
    const refused = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:1'), { syscall: 'connect' })
    for (const error of [refused, new AggregateError([refused])]) {
      let told = ''
      const stderr = { write: (text: string) => (told += text) } as unknown as NodeJS.WriteStream
      expect(reportFailure(error, true, stderr)).toBe(4)
      expect(told).toMatch(/PostgreSQL cannot be reached \(connect ECONNREFUSED 127.0.0.1:1\).*DATABASE_URL/)
    }
  })

  it('names the option and what it takes', async () => {
    expect((await run(['tail', '--last', 'abc', '--json'])).told).toContain(
      `option '-n, --last <n>' argument 'abc' is invalid. It must be a whole number from 0 on.`,
    )
  })
})
