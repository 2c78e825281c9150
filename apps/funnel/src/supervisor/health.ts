/** What a service answers on /health/ready. */
export type HealthAnswer = { readonly ok: true } | { readonly ok: false; readonly why: string }

/** Asks a service whether it can do its work; no answer within two seconds is an answer too. */
export async function askHealth(url: string): Promise<HealthAnswer> {
  try {
    const response = await fetch(`${url}/health/ready`, { signal: AbortSignal.timeout(2000) })
    const { why } = (await response.json()) as { why?: Readonly<Record<string, string>> }
    if (response.ok) return { ok: true }
    const reasons = Object.entries(why ?? {}).map(([name, reason]) => `${name}: ${reason}`)
    return { ok: false, why: reasons.join('; ') || `it answers ${response.status}` }
  } catch {
    return { ok: false, why: 'it does not answer' }
  }
}
