import { createChannel, type ClientOptions } from './channel.js'
import { ClaimServiceService, CompareClaimsRequest } from './gen/funnel/v1/claim.js'
import { ClockServiceService, ListClocksRequest, WatchClocksRequest } from './gen/funnel/v1/clock.js'
import { CommandServiceService, ExecuteRequest } from './gen/funnel/v1/command.js'
import { DealServiceService, ListDealsRequest } from './gen/funnel/v1/deal.js'
import { JourneyServiceService, ListJourneyRequest } from './gen/funnel/v1/journey.js'
import {
  DiffKpiRequest,
  ExplainKpiRequest,
  KpiServiceService,
  ListKpisRequest,
  QueryKpiRequest,
  WatchKpiRequest,
} from './gen/funnel/v1/kpi.js'
import { LeadServiceService, ListLeadsRequest } from './gen/funnel/v1/lead.js'
import { GetStatusRequest, StatusServiceService } from './gen/funnel/v1/status.js'

/** A typed client of the query service at `host:port`; see `createChannel`. */
export function createClient(address: string, options: ClientOptions = {}) {
  const { unary, stream, close } = createChannel(address, options)
  return {
    listKpis: unary(KpiServiceService.listKpis, ListKpisRequest),
    queryKpi: unary(KpiServiceService.queryKpi, QueryKpiRequest),
    explainKpi: unary(KpiServiceService.explainKpi, ExplainKpiRequest),
    diffKpi: unary(KpiServiceService.diffKpi, DiffKpiRequest),
    /** Ends when the signal is aborted or the loop is left; throws UNAVAILABLE when the service stops. */
    watchKpi: stream(KpiServiceService.watchKpi, WatchKpiRequest),
    listLeads: unary(LeadServiceService.listLeads, ListLeadsRequest),
    listDeals: unary(DealServiceService.listDeals, ListDealsRequest),
    listJourney: unary(JourneyServiceService.listJourney, ListJourneyRequest),
    listClocks: unary(ClockServiceService.listClocks, ListClocksRequest),
    /** Ends when the signal is aborted or the loop is left; throws UNAVAILABLE when the service stops. */
    watchClocks: stream(ClockServiceService.watchClocks, WatchClocksRequest),
    compareClaims: unary(ClaimServiceService.compareClaims, CompareClaimsRequest),
    getStatus: unary(StatusServiceService.getStatus, GetStatusRequest),
    close,
  }
}

export type FunnelClient = ReturnType<typeof createClient>

/** A typed client of the commands of ingest at `host:port`; its token is a key that may give commands, or the admin token. */
export function createCommandClient(address: string, options: ClientOptions = {}) {
  const { unary, close } = createChannel(address, options)
  return { execute: unary(CommandServiceService.execute, ExecuteRequest), close }
}

export type CommandClient = ReturnType<typeof createCommandClient>
