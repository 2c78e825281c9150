import { migrate } from '@funnel/platform'
import { Read1764000000001 } from './1764000000001-read.js'

/** Brings the schema `read` up to date. Safe to run again and from several processes. */
export const migrateRead = (url: string): Promise<void> => migrate(url, 'read', [Read1764000000001])
