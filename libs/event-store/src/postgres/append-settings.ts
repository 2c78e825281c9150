/**
 * Settings of every connection that appends: durable; a snapshot per statement, on which the append rests; and no lock
 * held for longer than ten seconds by a writer that hangs, nor by one that no longer reads its answers (the timeouts of
 * transactions do not fire while the server waits for the network).
 */
export const APPEND_SETTINGS = [
  'synchronous_commit=on',
  String.raw`default_transaction_isolation=read\ committed`,
  'transaction_timeout=10s',
  'idle_in_transaction_session_timeout=10s',
  'tcp_user_timeout=10s',
  'plan_cache_mode=force_generic_plan',
]
  .map((setting) => `-c ${setting}`)
  .join(' ')

/**
 * How long an answer is waited for, in ms, when the server hangs with all its timeouts: a service that stops meanwhile can
 * still tell those who ask it, before it cuts their connections.
 */
export const PATIENCE = 8_000
