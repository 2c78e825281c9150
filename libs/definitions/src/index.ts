export * from './definitions.js'
export { definitionsHash, foldHash } from './hash.js'
export { defaultDefinitions, definitionFolders, loadDefinitions } from './load.js'
