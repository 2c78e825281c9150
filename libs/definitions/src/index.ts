export * from './definitions.js'
export { definitionsHash, foldHash } from './hash.js'
export { defaultDefinitions, loadDefinitions } from './load.js'
