import type { MigrationInterface, QueryRunner } from 'typeorm'
import { generations } from './generations.js'

const ofContact = `fact->>'type' in ('deal.contact-added', 'deal.contact-removed')`

/**
 * Deals that were listed with the person who last became or ceased to be one of their contacts are listed with the one that
 * they are with: the latest that another of their facts names.
 */
export class DealPersons1764000000018 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const { schema } of await generations(runner))
      await runner.query(`
        update ${schema}.deal d set person = (
          select fact->'data'->>'person' from json_array_elements(n.state->'facts') with ordinality f (fact, place)
          where not ${ofContact} and fact->'data'->>'person' is not null order by place desc limit 1)
        from ${schema}.node n
        where n.kind = 'deal' and n.key = d.deal and exists (select from json_array_elements(n.state->'facts') fact where ${ofContact})`)
  }

  async down(): Promise<void> {
    // a deal's person is what it is
  }
}
