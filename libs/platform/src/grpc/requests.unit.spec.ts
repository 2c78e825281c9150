import { describe, expect, it } from '@jest/globals'
import { BinaryWriter } from '@bufbuild/protobuf/wire'
import { ExplainKpiRequest, JourneyServiceService, KpiServiceService, ListJourneyRequest } from '@funnel/query-api'
import { readerOf } from './requests.js'

const explained = (bytes: Uint8Array) =>
  readerOf(KpiServiceService.explainKpi.path, KpiServiceService.explainKpi.requestDeserialize)(Buffer.from(bytes))

/** What a handler meets that looks at a request. */
const met = (request: object): unknown => {
  try {
    return Object.entries(request).length + String((request as { pageToken?: string }).pageToken)
  } catch (error) {
    return error
  }
}
const refused = (field: string, message: string) => ({
  code: 'INVALID',
  details: { field },
  message: expect.stringContaining(message),
})

/** A question of "leads" with a field of these bytes. */
const question = (write: (writer: BinaryWriter) => BinaryWriter) =>
  new BinaryWriter()
    .uint32(10)
    .bytes(write(new BinaryWriter().uint32(10).string('leads')).finish())
    .finish()
const seconds = (value: string) => (writer: BinaryWriter) =>
  writer.uint32((9 << 3) | 2).bytes(new BinaryWriter().uint32(8).int64(value).finish())

describe('a request', () => {
  it('that can be answered comes as it was sent', () => {
    const request = ExplainKpiRequest.fromPartial({
      question: {
        kpi: 'leads',
        by: ['channel', ''],
        filters: [{ dimension: 'channel', values: ['Zürich 😀', ''], none: true }],
        knownAt: new Date('0001-01-01T00:00:00Z'),
        from: new Date(8.64e15),
      },
      dimensions: [{ dimension: 'channel', value: '' }],
      pageSize: -1,
    })
    expect(explained(ExplainKpiRequest.encode(request).finish())).toEqual(request)
    expect(explained(new Uint8Array())).toEqual(ExplainKpiRequest.fromPartial({}))
  })

  it.each([
    ['question.kpi', { question: { kpi: '\0' } }],
    ['question.by[1]', { question: { by: ['channel', 'a\0b'] } }],
    ['question.filters[1].values[2]', { question: { filters: [{}, { values: ['', 'a', '\0'] }] } }],
    ['dimensions[0].value', { dimensions: [{ dimension: 'channel', value: '\0' }] }],
    ['page_token', { pageToken: '\0' }],
  ])('with NUL in %s is refused by its name', (field, request) => {
    const bytes = ExplainKpiRequest.encode(ExplainKpiRequest.fromPartial(request)).finish()
    expect(met(explained(bytes))).toMatchObject(refused(field, String.raw`\u0000`))
  })

  it('with NUL is refused whichever call it is of', () => {
    const { listJourney } = JourneyServiceService
    const journey = ListJourneyRequest.fromPartial({ subject: { $case: 'lead', value: '\0' } })
    const read = readerOf(listJourney.path, listJourney.requestDeserialize)
    expect(met(read(Buffer.from(ListJourneyRequest.encode(journey).finish())))).toMatchObject(
      refused('lead', String.raw`\u0000`),
    )
  })

  it('with bytes that are no text is refused', () => {
    const filter = new BinaryWriter()
      .uint32(10)
      .bytes(new Uint8Array([0xed, 0xa0, 0x80]))
      .finish()
    expect(met(explained(question((writer) => writer.uint32((7 << 3) | 2).bytes(filter))))).toMatchObject(
      refused('question.filters[0].dimension', 'UTF-8'),
    )
  })

  it.each(['9007199254740992', '-4611686018427387904', '4611686018427387904'])(
    'with a time of %s seconds is refused',
    (value) => {
      expect(met(explained(question(seconds(value))))).toMatchObject(refused('question.known_at', value))
    },
  )

  it('with fields that are not known yet is read without them', () => {
    const bytes = question((writer) => writer.uint32((999 << 3) | 2).string('\0'))
    expect(explained(bytes)).toMatchObject({ question: { kpi: 'leads' } })
  })

  it.each([
    ['ends too early', [10, 200, 1]],
    ['is noise', [0xff, 0xff, 0xff, 0xff, 0xff]],
    ['has tags that there are not', [0, 1]],
  ])('that %s is refused', (_, bytes) => {
    expect(met(explained(new Uint8Array(bytes)))).toMatchObject({
      code: 'INVALID',
      message: expect.stringContaining('funnel.v1.ExplainKpiRequest'),
    })
  })
})
