/** What a command says but for its type: the data of the event that says the same in the past tense. */
export function dataOf<Command extends { readonly type: string }>(command: Command) {
  const { type: _, ...data } = command
  return data as unknown as {
    -readonly [Field in keyof Command as Exclude<Field, 'type'>]: Listed<Command[Field]>
  }
}
type Listed<Value> = Value extends readonly (infer One)[] ? One[] : Value
