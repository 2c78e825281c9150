export * from './advance-head.js'
export * from './head-reader.js'
export * from './postgres-event-tail.js'
export { readUpTo } from './read-up-to.js'
