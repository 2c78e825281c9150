import { IsInt, IsOptional, IsString, Max, Min } from 'class-validator'
import { ServiceConfig, Whole } from '@funnel/platform'

/** What the ingest service is told: `port` is for HTTP, `grpcPort` for commands over gRPC. */
export class IngestConfig extends ServiceConfig {
  override port = 7070

  /** gRPC port; 0: any that is free. */
  @Whole()
  @IsInt()
  @Min(0)
  @Max(65535)
  grpcPort = 7078

  /** Folders of definitions, separated by commas; of two with one id that of the later folder counts. */
  @IsOptional()
  @IsString()
  funnelDefinitions?: string

  /**
   * Bytes of bodies of events that may be held at once, a quarter by one source; a quarter as much beside them for commands.
   * Beyond them requests are told to come back (429).
   */
  @Whole()
  @IsInt()
  @Min(1_000_000)
  inFlightBytes = 32_000_000
}
