const ci = process.env.CI === 'true'
// names this run for all its workers, which share servers (libs/testing)
process.env.FUNNEL_TEST_RUN ??= `${process.pid}-${Date.now().toString(36)}`
// nx asks for colours, but what is printed is tested as where there is no terminal
delete process.env.FORCE_COLOR

/** One configuration for all projects; suites are told apart by suffix: .unit, .int, .e2e. */
export default {
  testMatch: ['<rootDir>/{apps,libs,tools}/**/*.{unit,int,e2e}.spec.ts'],
  testPathIgnorePatterns: ['/node_modules/', '/dist/'],
  modulePathIgnorePatterns: ['/dist/', '/.funnel/'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          target: 'es2024',
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
        },
        module: { type: 'es6' },
      },
    ],
  },
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  testEnvironmentOptions: { customExportConditions: ['@funnel/source', 'node', 'node-addons'] },
  testTimeout: 60_000,
  maxWorkers: 2,
  // a worker that is done with its suites takes half a second and more to give back its memory where the machine is busy
  workerGracefulExitTimeout: 10_000,
  reporters: ci ? [['default', { summaryThreshold: 1 }]] : ['default'],
}
