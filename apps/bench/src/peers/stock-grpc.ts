import { Server, ServerCredentials, type sendUnaryData, type ServerUnaryCall } from '@grpc/grpc-js'
import { KpiServiceService, QueryKpiResponse, type QueryKpiRequest } from '@funnel/query-api'

/**
 * A stock grpc-js server: our own service definition, and a handler that returns the message it was given at the start,
 * base64 in argv. Prints its port.
 */
const message = QueryKpiResponse.decode(Buffer.from(process.argv[2]!, 'base64'))
const server = new Server()
const { queryKpi } = KpiServiceService
server.addService(
  { queryKpi },
  {
    queryKpi: (_: ServerUnaryCall<QueryKpiRequest, QueryKpiResponse>, done: sendUnaryData<QueryKpiResponse>) =>
      done(null, message),
  },
)
server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
  if (error) throw error
  process.stdout.write(`${port}\n`)
})
