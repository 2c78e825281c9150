import { Argument, type Command } from 'commander'
import { CompareClaimsResponse, Matter, Party, Verdict, type Claim, type Comparison } from '@funnel/query-api'
import { workspaceCommand } from '../cli/command.js'
import { printJson } from '../cli/print.js'
import { style } from '../cli/style.js'
import { parseTime } from '../cli/time.js'
import type { Choice } from '../workspace/locate.js'
import { ask } from './door.js'
import { footer, show } from './footer.js'
import { formatTime } from './format.js'

interface ClaimsFlags extends Choice {
  readonly json?: boolean
  readonly knownAt?: string
}

const kinds = ['lead', 'deal'] as const

/** `funnel claims`: what marketing, sales and the definitions say of a lead or a deal, and whether they agree. */
export const claimsCommand = (): Command =>
  workspaceCommand('claims', 'show where marketing and sales see a lead or a deal differently, and why', [
    'npx funnel claims lead lead-42',
    'npx funnel claims lead lead-42 --known-at 7d    did they agree a week ago?',
    'npx funnel claims deal deal-3 --json',
  ])
    .addArgument(new Argument('<kind>', 'what is claimed of').choices(kinds))
    .argument('<id>', 'its id')
    .option('--known-at <time>', 'as it was known at this instant')
    .action(async ($case: (typeof kinds)[number], value: string, flags: ClaimsFlags) => {
      const knownAt = flags.knownAt === undefined ? undefined : parseTime(flags.knownAt, '--known-at')
      await ask(flags, flags.json === true, async (client) => {
        const answer = await client.compareClaims({ subject: { $case, value }, knownAt })
        if (flags.json) return printJson(CompareClaimsResponse.toJSON(answer))
        const { comparisons, basis } = answer
        const disputed = comparisons.filter(({ verdict }) => verdict === Verdict.VERDICT_DISAGREE).length
        show(
          comparisons.length ? comparisons.map(inWords).join('\n\n') : `nothing is known of the ${$case} ${value}`,
          footer(basis, undefined, comparisons.length ? `${disputed} of ${comparisons.length} in dispute` : undefined),
        )
      })
    })

const questions: Readonly<Partial<Record<Matter, (subject: string, about: string) => string>>> = {
  [Matter.MATTER_QUALIFIED]: (subject, about) => `Is ${subject} good enough for ${about}?`,
  [Matter.MATTER_HANDOVER]: (subject) => `Does sales have ${subject}?`,
  [Matter.MATTER_STAGE]: (subject) => `In which stage is ${subject}?`,
  [Matter.MATTER_OWNER]: (subject) => `Who works on ${subject}?`,
  [Matter.MATTER_ORIGIN]: (subject) => `Where did ${subject} come from?`,
  [Matter.MATTER_DEAL]: (subject) => `Which deal came of ${subject}?`,
  [Matter.MATTER_WON]: (subject) => `Was ${subject} won?`,
  [Matter.MATTER_DEAL_OUTCOME]: (subject) => `How did ${subject} end?`,
  [Matter.MATTER_DEAL_AMOUNT]: (subject) => `What is ${subject} worth?`,
}

const verdicts: Readonly<Partial<Record<Verdict, () => string>>> = {
  [Verdict.VERDICT_AGREE]: () => style('green', 'they agree'),
  [Verdict.VERDICT_DISAGREE]: () => style('red', 'in dispute'),
  [Verdict.VERDICT_SINGLE]: () => style('dim', 'nobody contradicts'),
}

const parties: Readonly<Partial<Record<Party, string>>> = {
  [Party.PARTY_AGREED]: 'agreed',
  [Party.PARTY_MARKETING]: 'marketing',
  [Party.PARTY_SALES]: 'sales',
  [Party.PARTY_REPORTED]: 'reported',
}

/** The question and its verdict, then each claim with the events that decide it. */
function inWords({ subjectKind, subject, matter, about, verdict, claims }: Comparison): string {
  const question = questions[matter]?.(`${subjectKind} ${subject}`, about) ?? `${subjectKind} ${subject}`
  return [`${style('bold', question)} ${verdicts[verdict]?.() ?? ''}`, ...claims.flatMap(linesOf)].join('\n')
}

const INDENT = ' '.repeat(13)

function linesOf({ party, value, says, rule, ruleVersion, missing, events }: Claim): string[] {
  const by = rule ? ` by ${rule}@${ruleVersion}` : ''
  // other values are among the words
  const answer = value === 'yes' || value === 'no' ? `${value}, ${says}` : says
  return [
    `  ${(parties[party] ?? '').padEnd(9)}  ${answer}${by}`,
    ...missing.map((one) => `${INDENT}wanted: ${one}`),
    ...events.map(({ id, type, source, occurredAt, recordedAt }) =>
      style('dim', `${INDENT}${formatTime(occurredAt)}, known ${formatTime(recordedAt)}  ${type} ${id} (${source})`),
    ),
  ]
}
