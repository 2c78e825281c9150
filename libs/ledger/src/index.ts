export * from './query/index.js'
export * from './fold/index.js'
export * from './line.js'
export { contributions } from './oracle/contributions.js'
