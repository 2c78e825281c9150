import { randomBytes } from 'node:crypto'
import pg from 'pg'
import type { EmbeddedPostgres } from '@funnel/platform'

const DATABASE = 'funnel'
const roles = ['funnel_store', 'funnel_vault', 'funnel_read', 'funnel_query'] as const
type Role = (typeof roles)[number]

/** One URL for each kind of access to the embedded database. */
export interface RoleUrls {
  /** Owns the store; leaves bodies in the vault and sees nothing there, nor of the read models. */
  readonly store: string
  /** Owns the vault, and sees nothing else. */
  readonly vault: string
  /** Owns the read models; reads the log, not the vault. */
  readonly read: string
  /** Reads the read models and nothing else. */
  readonly query: string
}

/** Makes the database and its roles where they are missing, with new passwords every time. */
export async function openRoles(server: EmbeddedPostgres): Promise<RoleUrls> {
  await server.createDatabase(DATABASE)
  const passwords = Object.fromEntries(roles.map((role) => [role, randomBytes(24).toString('hex')])) as Record<
    Role,
    string
  >
  await asAdmin(server, async (client) => {
    const { rows } = await client.query<{ rolname: string }>('select rolname from pg_roles where rolname = any ($1)', [
      roles,
    ])
    const known = new Set(rows.map(({ rolname }) => rolname))
    for (const role of roles)
      await client.query(`${known.has(role) ? 'alter' : 'create'} role ${role} login password '${passwords[role]}'`)
    await client.query(`
      revoke all on database ${DATABASE} from public;
      grant connect, create, temporary on database ${DATABASE} to funnel_store, funnel_vault, funnel_read;
      grant connect on database ${DATABASE} to funnel_query;
      alter default privileges for role funnel_read grant usage on schemas to funnel_query;
      alter default privileges for role funnel_read grant select on tables to funnel_query;
      alter role funnel_query set default_transaction_read_only = on`)
    await handOverVault(client)
  })
  const urlOf = (role: Role) => server.urlOf(DATABASE, { name: role, password: passwords[role] })
  return {
    store: urlOf('funnel_store'),
    vault: urlOf('funnel_vault'),
    read: urlOf('funnel_read'),
    query: urlOf('funnel_query'),
  }
}

/** In a workspace of an earlier version the vault was the store's. */
async function handOverVault(client: pg.Client): Promise<void> {
  const { rowCount } = await client.query(
    `select from pg_namespace where nspname = 'vault' and nspowner = 'funnel_store'::regrole`,
  )
  if (rowCount)
    await client.query('alter schema vault owner to funnel_vault; alter table vault.raw owner to funnel_vault')
}

async function asAdmin(server: EmbeddedPostgres, work: (client: pg.Client) => Promise<void>): Promise<void> {
  const client = new pg.Client({ connectionString: server.urlOf(DATABASE) })
  await client.connect()
  try {
    await work(client)
  } finally {
    await client.end()
  }
}
