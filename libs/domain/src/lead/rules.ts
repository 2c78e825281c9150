import type { AllDefinitions, Stage, Taxonomy } from '@funnel/definitions'

/** What both teams agreed on, as far as leads are decided by it. */
export interface LeadRules {
  /** The funnel's, in order. */
  readonly stages: readonly Stage[]
  readonly reasons: readonly Taxonomy[]
  /** The stage that an accepted handoff leads to; entered where the funnel has it and it lies ahead. */
  readonly acceptedStage?: string
  /** The stage that a conversion leads to; likewise. */
  readonly convertedStage?: string
}

/** The rules for leads that definitions make. */
export const leadRules = ({ funnel, reasons }: Pick<AllDefinitions, 'funnel' | 'reasons'>): LeadRules => ({
  stages: funnel.stages,
  reasons,
  ...(funnel.accepted !== undefined && { acceptedStage: funnel.accepted }),
  ...(funnel.converted !== undefined && { convertedStage: funnel.converted }),
})
