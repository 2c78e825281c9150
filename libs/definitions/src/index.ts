export * from './definitions.js'
export { defaultDefinitions, definitionsHash, foldHash, loadDefinitions } from './load.js'
