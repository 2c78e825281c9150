export { PostgresEventLog, type PostgresEventLogOptions } from './event-log.js'
