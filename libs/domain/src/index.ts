export { evolved, type Decider } from './decider.js'
