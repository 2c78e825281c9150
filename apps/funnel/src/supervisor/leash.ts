// Loaded before a service: when the supervisor is gone, however it went, the service stops as on SIGTERM.
process.once('disconnect', () => {
  process.kill(process.pid, 'SIGTERM')
  setTimeout(() => process.exit(1), 10_000).unref()
})
process.channel?.unref()
