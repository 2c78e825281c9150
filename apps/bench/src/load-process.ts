import { grpcLoad, type LoadTask } from './load.js'

/** Drives the method and with the request that argv names (address, path, message in base64), whenever it is asked to. */
const [address, path, request] = process.argv.slice(2)
const load = grpcLoad(address!, path!, Buffer.from(request!, 'base64'))
process.on('message', (task: LoadTask) => {
  const done = 'flood' in task ? load.flood(...task.flood).then(() => []) : load.steady(...task.steady)
  void done.then((latencies) => process.send!(latencies))
})
process.on('disconnect', () => load.close())
