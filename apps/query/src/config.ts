import { IsInt, IsOptional, IsString, Max, Min } from 'class-validator'
import { ServiceConfig, Whole } from '@funnel/platform'

/** What the query service is told: `port` is for health and metrics, `grpcPort` for questions. */
export class QueryConfig extends ServiceConfig {
  override port = 7074

  /** gRPC port. */
  @Whole()
  @IsInt()
  @Min(1)
  @Max(65535)
  grpcPort = 7071

  /** Folders of definitions, comma-separated: rules that were never applied are taken from there, as automation does. */
  @IsOptional()
  @IsString()
  funnelDefinitions?: string
}
