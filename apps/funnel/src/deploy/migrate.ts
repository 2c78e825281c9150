import type { Command } from 'commander'
import { FunnelError } from '@funnel/events'
import { command } from '../cli/command.js'
import { print, printJson } from '../cli/print.js'

/** `funnel migrate`: brings the databases up to date before the services start, as a deployment's own step. */
export const migrateCommand = (): Command =>
  command('migrate', 'bring the databases of a deployment up to date', [
    'DATABASE_URL=postgresql://… READ_DATABASE_URL=postgresql://… VAULT_DATABASE_URL=postgresql://… funnel migrate',
  ]).action(async (flags: { json?: boolean }) => {
    const store = process.env['DATABASE_URL']
    if (!store) throw new FunnelError('INVALID', 'name the database in DATABASE_URL')
    const [{ migrateDatabases }, { assertReachable }] = await Promise.all([
      import('./databases.js'),
      import('./reachable.js'),
    ])
    const { READ_DATABASE_URL: read, VAULT_DATABASE_URL: vault } = process.env
    for (const name of ['DATABASE_URL', 'VAULT_DATABASE_URL', 'READ_DATABASE_URL']) {
      const url = process.env[name]
      if (url) await assertReachable(url, name)
    }
    await migrateDatabases({ store, vault: vault || store, read: read || store })
    if (flags.json) printJson({ migrated: true })
    else print('the databases are up to date')
  })
