import { fileURLToPath } from 'node:url'

/** What the fictional company agreed on beside the definitions that come with the platform: its people, queues and routing. */
export const demoDefinitions = fileURLToPath(new URL('../../../examples/demo/definitions', import.meta.url))
