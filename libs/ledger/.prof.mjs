import * as fc from 'fast-check'
const base='/work/main/libs/ledger/dist/'
const { happenings, gaps, record } = await import(base+'fold/testing/random-log.js')
const { drive, cut, firstWrongInstant } = await import(base+'fold/testing/drive.js')
const { everyDimension: d } = await import(base+'fold/testing/definitions.js')
const { journalHash } = await import(base+'line.js')
const cpu=()=>process.cpuUsage().user/1000
let t=cpu()
const N=1000
const logs = fc.sample(fc.tuple(happenings(), gaps), {numRuns:N, seed:1})
const lap=(n)=>{console.log(n, ((cpu()-t)/N).toFixed(3)+' ms'); t=cpu()}
lap('gen')
const recs=logs.map(([l,g])=>record(l,g)); lap('record')
const dr=recs.map(r=>drive(cut(r,[3]),d)); lap('drive cut')
recs.map(r=>drive([r],d)); lap('drive whole')
recs.map((r,i)=>firstWrongInstant(r,dr[i].entries,d)); lap('oracle')
recs.map((r,i)=>journalHash(dr[i].entries)); lap('jhash')
console.log('len', recs.reduce((a,x)=>a+x.length,0)/N, 'entries/log', dr.reduce((a,x)=>a+x.entries.length,0)/N)
