#!/usr/bin/env node
// Module boundaries: which package may import which, by the tags in package.json ("nx": { "tags": … }).
// Fails with the file and line of every forbidden or undeclared import: what tests alone import is declared too, under
// devDependencies, for nx takes from there which tests a change concerns. Usage: node tools/boundaries.mjs [root]
import { readdirSync, readFileSync, existsSync } from 'node:fs'
import { join, relative } from 'node:path'

const root = process.argv[2] ?? '.'

/** layer → layers it may import. Tests may import everything. */
const layers = {
  contract: ['contract'],
  domain: ['contract', 'domain'],
  infra: ['contract', 'domain', 'infra'],
  app: ['contract', 'domain', 'infra'],
  sdk: ['sdk'],
  test: ['contract', 'domain', 'infra', 'app', 'test'],
}
/** side → sides it may import. Only a bridge sees both. */
const sides = {
  write: ['write', 'both'],
  read: ['read', 'both'],
  both: ['both'],
  bridge: ['write', 'read', 'both', 'bridge'],
}
/** Packages of these layers stay pure: none of these modules. */
const impure = { contract: /^(@nestjs|typeorm|pg|kafkajs)(\/|$)/, domain: /^(@nestjs|typeorm|pg|kafkajs)(\/|$)/ }
/** Further edges that must not be: package → packages. */
const never = { query: ['event-store', 'event-log'], ingest: ['ledger', 'projections'] }
/** Where the repository lies must not make a file a test. */
const isTest = (file) => /\.spec\.ts$|\/testing\/|\.contract\.ts$/.test(relative(root, file))
/** Whether what a file imports is a test, or what a package keeps for those of others. */
const isForTests = (file, target) =>
  /^@funnel\/[^/]+\/testing$/.test(target) ||
  (target.startsWith('.') && isTest(join(file, '..', target).replace(/\.js$/, '.ts')))

const packages = new Map()
for (const folder of ['libs', 'apps'])
  for (const name of existsSync(join(root, folder)) ? readdirSync(join(root, folder)) : []) {
    const manifest = join(root, folder, name, 'package.json')
    if (!existsSync(manifest)) continue
    const json = JSON.parse(readFileSync(manifest, 'utf8'))
    const tag = (kind) => json.nx?.tags?.find((t) => t.startsWith(`${kind}:`))?.slice(kind.length + 1)
    packages.set(json.name, { name, folder: join(root, folder, name), json, layer: tag('layer'), side: tag('side') })
  }

const problems = []
for (const from of packages.values()) {
  if (!layers[from.layer] || !sides[from.side])
    problems.push(`${from.folder}/package.json: needs the tags layer:… and side:…`)
  for (const file of walk(join(from.folder, 'src'))) check(from, file)
}
for (const problem of problems) console.error(problem)
if (problems.length) {
  console.error(`${problems.length} forbidden imports`)
  process.exit(1)
}
console.log(`boundaries hold in ${packages.size} packages`)

function check(from, file) {
  const test = isTest(file) || from.layer === 'test'
  for (const [index, line] of readFileSync(file, 'utf8').split('\n').entries()) {
    const target =
      /(?:^\s*(?:import|export)\b.*?\bfrom\s*|^\s*import\s*|\bimport\(\s*|^\}\s*from\s*)['"]([^'"]+)['"]/.exec(
        line,
      )?.[1]
    if (!target) continue
    const at = `${relative(root, file)}:${index + 1}`
    if (!test && impure[from.layer]?.test(target)) problems.push(`${at}: layer:${from.layer} must not import ${target}`)
    if (/^\.\.?\//.test(target) && !join(file, '..', target).startsWith(join(from.folder, '')))
      problems.push(`${at}: import other packages by name, not by path (${target})`)
    if (!test && isForTests(file, target)) problems.push(`${at}: ${target} is for tests alone`)
    const name = /^@funnel\/[^/]+/.exec(target)?.[0]
    if (!name || name === from.json.name) continue
    const to = packages.get(name)
    if (!to) {
      problems.push(`${at}: there is no package ${name}`)
      continue
    }
    const { dependencies, devDependencies } = from.json
    if (!dependencies?.[name] && !(test && devDependencies?.[name]))
      problems.push(
        `${at}: ${name} is not among the ${test ? 'devDependencies' : 'dependencies'} in ${from.folder}/package.json`,
      )
    if (!test) {
      if (!layers[from.layer]?.includes(to.layer))
        problems.push(`${at}: layer:${from.layer} must not import ${name} (layer:${to.layer})`)
      if (!sides[from.side]?.includes(to.side))
        problems.push(`${at}: side:${from.side} must not import ${name} (side:${to.side})`)
      if (never[from.name]?.includes(to.name)) problems.push(`${at}: ${from.name} must never import ${name}`)
    }
  }
}

function* walk(folder) {
  if (!existsSync(folder)) return
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) yield* walk(path)
    else if (entry.name.endsWith('.ts')) yield path
  }
}
