import { IsInt, Max, Min } from 'class-validator'
import { ServiceConfig, Whole } from '@funnel/platform'

export class RelayConfig extends ServiceConfig {
  @Whole()
  @IsInt()
  @Min(0)
  @Max(65535)
  override port = 7072
}
