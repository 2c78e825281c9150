// Loaded before a service: when the supervisor is gone, however it went, the service stops as on SIGTERM, or else at once.
const follow = () => {
  process.kill(process.pid, 'SIGTERM')
  setTimeout(() => process.kill(process.pid, 'SIGKILL'), 10_000).unref()
}
if (process.connected) process.once('disconnect', follow)
else follow() // it was gone before this was loaded
process.channel?.unref()
