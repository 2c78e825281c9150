import { IsIn, IsInt, IsOptional, IsString, Max, Min } from 'class-validator'
import { ServiceConfig, Whole } from '@funnel/platform'

/** What the notifier is told. */
export class NotifierConfig extends ServiceConfig {
  @Whole()
  @IsInt()
  @Min(0)
  @Max(65535)
  override port = 7080

  /** The file of destinations; without it nobody is told. */
  @IsOptional()
  @IsString()
  funnelDestinations?: string

  /** Whether destinations may lie on this machine or in a private network. */
  @IsIn(['true', 'false'])
  funnelAllowPrivateDestinations = 'false'
}
