import { styleText } from 'node:util'

type Format = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan'

/** Text in a colour or weight where the stream is a terminal and NO_COLOR is not set; else the text itself. */
export function style(
  format: Format | readonly Format[],
  text: string,
  stream: NodeJS.WriteStream = process.stdout,
): string {
  return styleText(typeof format === 'string' ? format : [...format], text, { stream, validateStream: true })
}
