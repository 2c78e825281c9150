export * from './kafka/index.js'
export * from './postgres/index.js'
export * from './script.js'
export * from './synthetic.js'
