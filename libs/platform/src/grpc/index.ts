export * from './deadline.js'
export * from './encoded.js'
export * from './errors.filter.js'
export * from './server.js'
