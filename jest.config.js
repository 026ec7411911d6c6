/**
 * Two workers: the tests wait on sockets and child processes more than they compute, and CI machines have two cores.
 * `jose` is published as ES modules only, which Jest's own `require` cannot load; it is compiled like our code.
 *
 * @type {import('jest').Config}
 */
module.exports = {
  testEnvironment: 'node',
  roots: ['<rootDir>/test'],
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  modulePathIgnorePatterns: ['<rootDir>/dist/'],
  moduleFileExtensions: ['ts', 'js', 'mjs', 'cjs', 'json', 'node'],
  transform: {
    '^.+\\.(?:ts|js|mjs)$': [
      '@swc/jest',
      {
        jsc: { parser: { syntax: 'typescript' }, target: 'es2023', keepClassNames: true },
        module: { type: 'commonjs' },
        sourceMaps: 'inline',
      },
    ],
  },
  transformIgnorePatterns: ['/node_modules/(?!jose/)'],
  testTimeout: 20_000,
  maxWorkers: 2,
  reporters: process.env.BATON_SUMMARY ? ['default', '<rootDir>/scripts/jest-summary.js'] : ['default'],
};
