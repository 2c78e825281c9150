import { IsIn, IsInt, IsOptional, IsString, Max, Min } from 'class-validator'
import { ServiceConfig, Whole } from '@funnel/platform'

/** Everything that may stand in the environment: what all services are told, and what one of them is told. */
export class Settings extends ServiceConfig {
  /** gRPC port of the query service, or of ingest; 0: any that is free. */
  @Whole()
  @IsInt()
  @Min(0)
  @Max(65535)
  grpcPort = 7071

  /** Folders of definitions, separated by commas; of two with one id that of the later folder counts. */
  @IsOptional()
  @IsString()
  funnelDefinitions?: string

  /** The file of destinations that are told of promises; without it nobody is. */
  @IsOptional()
  @IsString()
  funnelDestinations?: string

  /** Whether destinations may lie on this machine or in a private network. */
  @IsIn(['true', 'false'])
  funnelAllowPrivateDestinations = 'false'

  /** Bytes of bodies of events that ingest may hold at once, as in its own settings. */
  @Whole()
  @IsInt()
  @Min(1_000_000)
  inFlightBytes = 32_000_000
}
