import { IsInt, IsOptional, IsString, Max, Min } from 'class-validator'
import { ServiceConfig, Whole } from '@funnel/platform'

/** What the SLA monitor is told. */
export class SlaMonitorConfig extends ServiceConfig {
  @Whole()
  @IsInt()
  @Min(0)
  @Max(65535)
  override port = 7079

  /** Folders of definitions, comma-separated; those of later folders come in place of earlier ones with the same id. */
  @IsOptional()
  @IsString()
  funnelDefinitions?: string
}
