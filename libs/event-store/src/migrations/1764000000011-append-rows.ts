import type { MigrationInterface, QueryRunner } from 'typeorm'
import { appendOf } from './1764000000010-append-once.js'

/** The append takes keys as rows, which PostgreSQL reads in less time than JSON. */
export class AppendRows1764000000011 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('drop function store.append(json, jsonb, json)')
    await runner.query(appendOf('store.incoming[]'))
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop function store.append(store.incoming[], jsonb, json)')
    await runner.query(appendOf('json'))
  }
}
