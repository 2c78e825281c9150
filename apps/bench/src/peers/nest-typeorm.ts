import 'reflect-metadata'
import { setTimeout as sleep } from 'node:timers/promises'
import { Controller, Inject, Module } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { EventPattern, Payload, Transport, type MicroserviceOptions } from '@nestjs/microservices'
import kafkajs from 'kafkajs'
import { Column, DataSource, Entity, PrimaryColumn } from 'typeorm'

/** One row a day, channel and event type: the counter a usual projection keeps. */
@Entity({ name: 'stock_kpi' })
class StockKpi {
  @PrimaryColumn('text') day!: string
  @PrimaryColumn('text') channel!: string
  @PrimaryColumn('text') type!: string
  @Column('int') count!: number
}

/** Ids already seen, so that a redelivery does not count twice. */
@Entity({ name: 'stock_seen' })
class StockSeen {
  @PrimaryColumn('uuid') id!: string
}

interface StockEvent {
  readonly id: string
  readonly type: string
  readonly time: string
  readonly data: { readonly channel?: string }
}

const SEEN = { count: 0 }

@Controller()
class StockController {
  constructor(@Inject(DataSource) private readonly source: DataSource) {}

  /** What the documentation of both libraries shows: find, change, save, one message at a time, in a transaction. */
  @EventPattern('stock')
  async handle(@Payload() event: StockEvent) {
    await this.source.transaction(async (manager) => {
      if (await manager.findOneBy(StockSeen, { id: event.id })) return
      await manager.save(Object.assign(new StockSeen(), { id: event.id }))
      const key = { day: event.time.slice(0, 10), channel: event.data.channel ?? '', type: event.type }
      const row = (await manager.findOneBy(StockKpi, key)) ?? Object.assign(new StockKpi(), key, { count: 0 })
      row.count += 1
      await manager.save(row)
    })
    SEEN.count += 1
  }
}

/** A stock NestJS Kafka consumer with TypeORM `save` per event, exactly-once by a table of ids. Reads the topic `stock`. */
export async function nestTypeorm(url: string, brokers: string[]) {
  const source = new DataSource({ type: 'postgres', url, entities: [StockKpi, StockSeen], synchronize: true })
  await source.initialize()
  @Module({ controllers: [StockController], providers: [{ provide: DataSource, useValue: source }] })
  class StockModule {}
  const app = await NestFactory.createMicroservice<MicroserviceOptions>(StockModule, {
    transport: Transport.KAFKA,
    logger: false,
    options: {
      client: { clientId: 'stock', brokers, logLevel: 0 },
      consumer: { groupId: 'stock', maxWaitTimeInMs: 100 },
      subscribe: { fromBeginning: true },
    },
  })
  SEEN.count = 0
  const kafka = new kafkajs.Kafka({ brokers, clientId: 'stock-feed', logLevel: kafkajs.logLevel.NOTHING })
  const admin = kafka.admin()
  const producer = kafka.producer()
  await admin.connect()
  await admin.createTopics({ topics: [{ topic: 'stock', numPartitions: 4 }], waitForLeaders: true })
  await producer.connect()
  await app.listen()
  return {
    /** Publishes the events and waits until every one of them is handled. */
    async handle(events: readonly StockEvent[]) {
      const goal = SEEN.count + events.length
      await producer.send({
        topic: 'stock',
        messages: events.map((event) => ({ key: event.id, value: JSON.stringify(event) })),
      })
      while (SEEN.count < goal) await sleep(5)
    },
    /** What its counters add up to. */
    sum: async () =>
      Number((await source.query<{ n: string }[]>('select coalesce(sum(count), 0) n from stock_kpi'))[0]!.n),
    close: async () => {
      await producer.disconnect()
      await admin.deleteTopics({ topics: ['stock'] })
      await admin.disconnect()
      await app.close()
      await source.destroy()
    },
  }
}
